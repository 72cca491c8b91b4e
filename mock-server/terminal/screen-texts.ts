import type { CommissionStep, LockReason } from '../../domain/unlock/states.ts';

/** One text in the two languages of the terminal's screen. */
export interface ScreenText {
  readonly en: string;
  readonly zh: string;
}

/** Why it locked, in the words of the person who stands before it. */
export const reasonTexts: Readonly<Record<LockReason, ScreenText>> = {
  case: { en: 'The case was opened', zh: '机壳被打开' },
  mesh: { en: 'The security mesh was broken', zh: '安全网被破坏' },
  temperature: { en: 'It was too hot or too cold', zh: '温度超出范围' },
  voltage: { en: 'The supply voltage was wrong', zh: '电压异常' },
  'flat-cell': { en: 'The tamper cell is flat', zh: '安全电池没电' },
  'self-test': { en: 'Its own check failed', zh: '自检未通过' },
  'pin-tries': { en: 'Too many wrong PINs', zh: '密码错误次数过多' },
  policy: { en: 'The operator locked it', zh: '被运营方锁定' },
  drop: { en: 'It was dropped', zh: '受到跌落撞击' },
};

/** The commissioning steps as the screen lists them. */
export const stepTexts: Readonly<Record<CommissionStep, ScreenText>> = {
  keys: { en: 'Keys', zh: '密钥' },
  parameters: { en: 'Parameters', zh: '参数' },
  'self-test': { en: 'Self-test', zh: '自检' },
  'test-payment': { en: 'Test payment', zh: '测试交易' },
};

/** The screen's fixed sentences. */
export const screenTexts = {
  ready: { en: 'Ready for payments', zh: '可以收款' },
  enterAmount: { en: 'Enter an amount', zh: '请输入金额' },
  locked: { en: 'Locked for safety', zh: '已安全锁定' },
  noPayments: { en: 'No payments until a technician has been here.', zh: '维护人员处理之前不能收款。' },
  compare: { en: 'Same number on the laptop?', zh: '与电脑上的号码相同吗？' },
  noRequest: { en: 'Waiting for a technician', zh: '等待维护人员' },
  blank: { en: 'Empty: being set up', zh: '已清空，正在恢复' },
  keepPlugged: { en: 'Leave the cable plugged in.', zh: '请勿拔线。' },
  probation: { en: 'Ready, under watch', zh: '可以收款（观察期）' },
  released: { en: 'Waiting for its release', zh: '等待解除观察' },
  giveCard: { en: 'Insert, tap or swipe the card', zh: '请插卡、挥卡或刷卡' },
  cardReading: { en: 'Reading. Leave the card where it is.', zh: '正在读卡，请勿移动卡片。' },
  enterPin: { en: 'Enter the PIN, then OK', zh: '请输入密码，按确认键' },
  coverPad: { en: 'Cover the keys with your hand.', zh: '请用手遮挡键盘。' },
  takeCard: { en: 'Take the card out', zh: '请取出卡片' },
  pairCode: { en: 'Let this app use the terminal?', zh: '允许此应用使用本终端？' },
  pairCompare: {
    en: 'Press OK only if the office gave you this code. Cancel if not.',
    zh: '只有后台给您的就是这个码，才按确认；否则按取消。',
  },
  starting: { en: 'Starting', zh: '正在启动' },
} as const satisfies Record<string, ScreenText>;
