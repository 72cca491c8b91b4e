import { type Fen, fenFromYuan, yuanFromFen } from '../../../domain/money.ts';
import type { FeePayee, SetFeePayee, SetFeeService } from '../../../protocol/http/fees-office.ts';

const yuan = (fen: number | undefined): string =>
  fen === undefined ? '' : yuanFromFen(fen as Fen).replace(/\.00$/, '');
/** Fen of what was typed; what is no amount becomes a number that the server refuses by the field's name. */
const fenOf = (text: string): number => fenFromYuan(text.trim()) ?? -1;
/** A whole number of what was typed; the same with what is none. */
const wholeOf = (text: string): number => (/^\d{1,6}$/.test(text.trim()) ? Number(text.trim()) : -1);

/** What stands in the form of a payee. */
export interface PayeeForm {
  version: number;
  isActive: boolean;
  digits: string;
  allocation: SetFeePayee['allocation'];
  receiptTitle: string;
  receiptFooter: string;
  terminalIds: readonly string[];
}

/** The form of a payee as it stands. */
export function payeeForm(payee: FeePayee): PayeeForm {
  const { version, isActive, digitsAboveFen, allocation, receiptTitle, receiptFooter, terminalIds } = payee;
  return { version, isActive, digits: yuan(digitsAboveFen), allocation, receiptTitle, receiptFooter, terminalIds };
}

/** The body that changes the payee. */
export function payeeBody(form: PayeeForm): SetFeePayee {
  const { version, isActive, digits, allocation, receiptTitle, receiptFooter, terminalIds } = form;
  return {
    ...{ version, isActive, digitsAboveFen: fenOf(digits) as Fen, allocation, receiptTitle, receiptFooter },
    terminalIds: [...terminalIds],
  };
}

/** What a merchant begins with as a payee: it bills, and no terminal asks before one is chosen. */
export function newPayee(name: string): SetFeePayee {
  return {
    ...{ version: 0, isActive: true, digitsAboveFen: 50_000 as Fen, allocation: 'oldest-first' as const },
    ...{ receiptTitle: name.slice(0, 60), receiptFooter: '', terminalIds: [] },
  };
}

/** What stands in the form of a service. */
export interface ServiceForm {
  version: number;
  service: string;
  isActive: boolean;
  numberZh: string;
  numberEn: string;
  secretZh: string;
  secretEn: string;
  numberMin: string;
  numberMax: string;
  secretDigits: string;
  dueDays: string;
  hasTopUp: boolean;
  topUpMin: string;
  topUpMax: string;
  usual: string;
  tariffId: string;
}

/** The form of a service as it stands, or with what is usual. */
export function serviceForm(old: SetFeeService | undefined, service: string): ServiceForm {
  return {
    version: old?.version ?? 0,
    service: old?.service ?? service,
    isActive: old?.isActive ?? true,
    numberZh: old?.numberName.zh ?? '户号',
    numberEn: old?.numberName.en ?? 'Household number',
    secretZh: old?.secretName.zh ?? '约定数字',
    secretEn: old?.secretName.en ?? 'Agreed digits',
    numberMin: String(old?.numberMin ?? 8),
    numberMax: String(old?.numberMax ?? 12),
    secretDigits: String(old?.secretDigits ?? 4),
    dueDays: String(old?.dueDays ?? 20),
    hasTopUp: old?.topUp !== undefined,
    topUpMin: yuan(old?.topUp?.minFen ?? 1_000),
    topUpMax: yuan(old?.topUp?.maxFen ?? 100_000),
    usual: (old?.topUp?.usual ?? [5_000, 10_000, 20_000]).map(yuan).join(' '),
    tariffId: old?.tariffId ?? '',
  };
}

/** The body that sets the service. */
export function serviceBody(form: ServiceForm): SetFeeService {
  const usual = form.usual.split(/[\s,，、]+/).filter((text) => text !== '');
  const topUp = {
    minFen: fenOf(form.topUpMin) as Fen,
    maxFen: fenOf(form.topUpMax) as Fen,
    usual: usual.map((text) => fenOf(text) as Fen),
  };
  return {
    ...{ version: form.version, service: form.service as SetFeeService['service'], isActive: form.isActive },
    ...{ numberMin: wholeOf(form.numberMin), numberMax: wholeOf(form.numberMax) },
    ...{ secretDigits: wholeOf(form.secretDigits), dueDays: wholeOf(form.dueDays) },
    numberName: { zh: form.numberZh, en: form.numberEn },
    secretName: { zh: form.secretZh, en: form.secretEn },
    ...(form.hasTopUp ? { topUp } : {}),
    ...(form.tariffId === '' ? {} : { tariffId: form.tariffId }),
  };
}
