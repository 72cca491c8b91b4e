/** A person of the demo. `totpSecret` (base32) is a known second factor: the demo's approver must be able to approve. */
export interface DemoPerson {
  readonly name: string;
  readonly email: string;
  readonly role: 'technician' | 'merchant' | 'approver' | 'operator';
  readonly locale: 'zh' | 'en';
  /** Somebody of this merchant, by name of `demoMerchants`. */
  readonly merchant?: string;
  readonly totpSecret?: string;
}

/** A terminal of the demo, and the trip that it has behind it when the demo starts (none: it works). */
export interface DemoTerminal {
  readonly label: string;
  readonly serial: string;
  readonly model: string;
  readonly merchant: string;
  readonly place: string;
  readonly seal: string;
  readonly trip?: 'case' | 'drop' | 'pin-tries' | 'mesh' | 'flat-cell';
  /** `assignee`: an e-mail address of `demoPeople`; without one, anybody may take the ticket. */
  readonly ticket?: { readonly summary: string; readonly assignee?: string };
}

/** The e-mail domain of the demo's people; one that can never exist (RFC 2606). */
export const demoAccountDomain = 'demo.invalid';

/** Who works in the demo. */
export const demoPeople: readonly DemoPerson[] = [
  { name: '王师傅 Wang', email: 'wang@demo.invalid', role: 'technician', locale: 'zh' },
  { name: '李工 Li', email: 'li@demo.invalid', role: 'technician', locale: 'zh' },
  {
    name: '周敏 Zhou',
    email: 'zhou@demo.invalid',
    role: 'approver',
    locale: 'zh',
    totpSecret: 'KRUWY3DLMVSXAZLSIRSW23ZR',
  },
  {
    name: '林浩 Lin',
    email: 'lin@demo.invalid',
    role: 'operator',
    locale: 'zh',
    totpSecret: 'KRUWY3DLMVSXAZLSIRSW23ZU',
  },
  {
    name: '陈店长 Chen',
    email: 'chen@demo.invalid',
    role: 'merchant',
    locale: 'zh',
    merchant: '桂园物业 Guiyuan Property',
  },
  {
    name: '赵店长 Zhao',
    email: 'zhao@demo.invalid',
    role: 'merchant',
    locale: 'zh',
    merchant: '东门便利店 East Gate Store',
    totpSecret: 'KRUWY3DLMVSXAZLSIRSW23ZT',
  },
];

/** The merchants' names of the demo. */
export const demoMerchants: readonly string[] = [
  '桂园物业 Guiyuan Property',
  '站前小卖部 Station Kiosk',
  '河畔市场 Riverside Market',
  '东门便利店 East Gate Store',
];

/**
 * The terminals of the demo: one that needs a person, one that policy clears, one where there is no signal, one soft
 * lock, one for the depot, one that works.
 */
export const demoTerminals: readonly DemoTerminal[] = [
  {
    label: 'G3-02',
    serial: 'QT60-2551-00317',
    model: 'QT-60',
    merchant: '桂园物业 Guiyuan Property',
    place: '3 号楼大厅 Building 3 lobby',
    seal: '00478812',
    trip: 'case',
    ticket: { summary: '早上到岗发现机壳被打开 Case found open in the morning', assignee: 'wang@demo.invalid' },
  },
  {
    label: 'S2-11',
    serial: 'QT60-2551-00462',
    model: 'QT-60',
    merchant: '站前小卖部 Station Kiosk',
    place: '柜台 Counter',
    seal: '00479034',
    trip: 'drop',
    ticket: { summary: '从柜台摔落后锁定 Locked after a fall from the counter', assignee: 'wang@demo.invalid' },
  },
  {
    label: 'G3-05',
    serial: 'QT60-2551-00322',
    model: 'QT-60',
    merchant: '桂园物业 Guiyuan Property',
    place: '3 号楼地下车库 Building 3 basement garage',
    seal: '00478820',
    trip: 'drop',
    ticket: {
      summary: '摔落后锁定，车库没有信号 Locked after a fall; no signal down there',
      assignee: 'wang@demo.invalid',
    },
  },
  {
    label: 'R1-07',
    serial: 'QT60-2548-00093',
    model: 'QT-60',
    merchant: '河畔市场 Riverside Market',
    place: '7 排 Row 7',
    seal: '00462207',
    trip: 'pin-tries',
    ticket: { summary: '多次输错维护密码 Too many wrong PINs' },
  },
  {
    label: 'R1-09',
    serial: 'QT60-2548-00091',
    model: 'QT-60',
    merchant: '河畔市场 Riverside Market',
    place: '9 排 Row 9',
    seal: '00462204',
    trip: 'mesh',
    ticket: { summary: '安全网告警 Security mesh alarm' },
  },
  {
    label: 'E1-01',
    serial: 'QT60-2551-00301',
    model: 'QT-60',
    merchant: '东门便利店 East Gate Store',
    place: '1 号收银台 Till 1',
    seal: '00478795',
  },
];
