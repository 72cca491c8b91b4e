import { timingSafeEqual } from 'node:crypto';
import { concatBytes, equalBytes } from '../../../protocol/bytes.ts';
import { decodeKeyChecks, decodeSelfTest, decodeTestPaymentReport } from '../../../protocol/unlock/v1/bodies.ts';
import type { CommissionReport } from '../../../protocol/unlock/v1/messages.ts';
import { refusalOfNumber } from '../../../protocol/unlock/v1/refusals.ts';
import type { RunStep } from './orders.ts';

/** What a report means. `grave` failures raise an alarm: keys or codes do not agree. */
export interface Judgement {
  readonly done: boolean;
  readonly grave: boolean;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What the order expects to hear. */
export interface Expectation {
  readonly step: RunStep;
  /** Digest or codes prepared with the order. */
  readonly expected: Uint8Array | null;
  /** Check values of the keys that were sent, by slot. */
  readonly checks: ReadonlyMap<string, Uint8Array>;
}

const bad = (why: string, grave = false): Judgement => ({ done: false, grave, detail: { why } });

/** Judges a report whose signature and place have been checked already. */
export function judgeReport(report: CommissionReport, expectation: Expectation): Judgement {
  if (report.result !== 0) {
    const detail = {
      why: 'device-refused',
      refusal: refusalOfNumber(report.result) ?? String(report.result),
      ...selfTestDetail(report, expectation),
    };
    return { done: false, grave: false, detail };
  }
  switch (expectation.step) {
    case 'keys':
      return judgeKeys(report, expectation.checks);
    case 'parameters':
      return judgeParameters(report, expectation.expected);
    case 'self-test':
      return judgeSelfTest(report);
    case 'test-payment':
      return judgeTestPayment(report, expectation.expected);
    case 'probation':
      return report.state === 'PROBATION' ? { done: true, grave: false, detail: {} } : bad('wrong-state');
    case 'release':
      return report.state === 'NORMAL' ? { done: true, grave: false, detail: {} } : bad('wrong-state');
  }
}

function judgeKeys(report: CommissionReport, checks: Expectation['checks']): Judgement {
  const decoded = decodeKeyChecks(report.body);
  if (!decoded.ok) return bad('malformed');
  const isComplete = decoded.value.length === checks.size;
  const allAgree = decoded.value.every(({ slot, kcv }) => equalBytes(kcv, checks.get(slot) ?? new Uint8Array(0)));
  if (!isComplete || !allAgree) return bad('key-check-differs', true);
  const values = decoded.value.map(({ slot, kcv }) => [slot, Buffer.from(kcv).toString('hex').toUpperCase()]);
  return { done: true, grave: false, detail: { keyChecks: Object.fromEntries(values) } };
}

function judgeParameters(report: CommissionReport, expected: Uint8Array | null): Judgement {
  if (expected === null || !equalBytes(report.body, expected)) return bad('parameters-differ', true);
  return { done: true, grave: false, detail: { sha256: Buffer.from(report.body).toString('hex') } };
}

function selfTestDetail(report: CommissionReport, expectation: Expectation): Record<string, unknown> {
  const decoded = expectation.step === 'self-test' ? decodeSelfTest(report.body) : undefined;
  return decoded?.ok === true ? { lines: decoded.value } : {};
}

function judgeSelfTest(report: CommissionReport): Judgement {
  const decoded = decodeSelfTest(report.body);
  if (!decoded.ok) return bad('malformed');
  const done = decoded.value.every((line) => line.passed);
  return { done, grave: false, detail: { ...(done ? {} : { why: 'self-test-failed' }), lines: decoded.value } };
}

function judgeTestPayment(report: CommissionReport, expected: Uint8Array | null): Judgement {
  const decoded = decodeTestPaymentReport(report.body);
  if (!decoded.ok || expected === null) return bad('malformed');
  const codes = concatBytes(decoded.value.saleMac, decoded.value.voidMac);
  const agree = codes.length === expected.length && timingSafeEqual(codes, expected);
  return agree ? { done: true, grave: false, detail: { amountFen: 1, voided: true } } : bad('codes-differ', true);
}
