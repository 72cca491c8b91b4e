/** What happened, and what it means or what to do. */
type Two = readonly [title: string, text: string];
const two = (title: string, text: string): Two => [title, text];

/** Words of the resident's page, in English. */
export const residentEn = {
  otherLanguage: '简体中文',
  title: 'Bill',
  close: 'Close',
  opening: {
    quick: two('Opening the bill', 'One moment.'),
    named: two('Fetching the bill from the terminal', 'Please stay near it. This takes a second or two.'),
    slow: two(
      'This takes longer than usual',
      'The network is slow, or the terminal is busy. It goes on by itself; you can also ask the terminal for a new code.',
    ),
    offline: two('This phone has no network', 'Please turn mobile data or Wi-Fi on. The page goes on by itself.'),
  },
  verified: (label: string) => `Terminal ${label}, verified`,
  sameDigits: 'same as there',
  /** The digits one by one, apart. */
  digits: (digits: string) => `Check digits ${digits}`,
  household: (label: string, tail: string) => (tail === '' ? label : `${label}, ending in ${tail}`),
  read: 'Read out',
  readStop: 'Stop',
  valid: (until: string): readonly string[] => ['This sum holds until ', until, '.'],
  later: (when: string, yuan: string, why: string) => `${when} ${yuan}: ${why}.`,
  fromTomorrow: 'From tomorrow',
  afterwards: 'Afterwards',
  pastValid:
    'That time is over on this phone’s clock. If the sum has changed you see the new one before anything is paid.',
  topUpHint: 'Added to the balance of this household.',
  waysTitle: 'Pay with',
  wayHint: (name: string) =>
    `${name} may not open inside another wallet’s browser. If it does not, choose another way; nothing is charged.`,
  noWays: 'The payee cannot take payments on a phone at the moment. Please pay at the terminal.',
  account: {
    label: 'Bank card number',
    hint: 'Encrypted on this phone so that only the bank can read it. Neither the terminal nor we ever see it, and it is not kept.',
    wrong: 'Bank card number: 8 to 34 digits. Please check it.',
    missing: 'Bank card number: please fill it in; the bank needs it.',
    notLoaded: 'This part could not be fetched. Nothing was charged. Check this phone’s network and press again.',
    fromProfile: 'Fill in from this phone',
  },
  usageTitle: 'Meter readings',
  estimated: 'estimated',
  used: 'Used',
  tier: {
    left: (left: string, unit: string, next: string) => `${left} ${unit} left before ${next}`,
    last: (name: string) => `In ${name}, the last one`,
    say: (window: string, used: string, unit: string, price: string) =>
      `${used} ${unit} used ${window}; each costs ¥${price} now.`,
    sayNext: (upTo: string, unit: string, price: string) => ` Above ${upTo} ${unit} each costs ¥${price}.`,
    window: { bill: 'on this bill', month: 'this month', year: 'this year' },
    name: (number: number) => `tier ${number}`,
    upTo: (upTo: string, unit: string) => `up to ${upTo} ${unit}`,
    above: (from: string, unit: string) => `above ${from} ${unit}`,
    price: (price: string) => `¥${price}`,
    now: (used: string, unit: string) => `now ${used} ${unit}`,
    here: 'you are here',
    picture: 'Price tiers',
  },
  linesTitle: 'How each amount comes about',
  total: 'Total',
  tariff: (names: string) => `By ${names}`,
  free: 'Nothing to register, nothing to follow. Close this page and nothing stays on the phone.',
  mine: 'My details on this phone',
  notMine: 'This is not my bill',
  payTo: (payee: string) => `Paid to ${payee}, no registration`,
  pay: (yuan: string, way: string) => `Pay ${yuan} by ${way}`,
  preparing: 'The terminal prepares the payment',
  block: {
    confirm: (digits: string) => `First compare: does the terminal show ${digits}? Then press “same” there.`,
    offline: 'This phone has no network. It goes on by itself when it is back.',
    'no-carrier': 'No connection to the terminal at the moment. It tries again by itself; you need do nothing.',
    'no-channel': 'There is no way to pay on a phone here. Please pay at the terminal.',
  },
  /** Said when the part that comes after paying could not be fetched. */
  after: {
    paid: 'Paid',
    number: 'Receipt number',
    checking: 'Checking with the platform. It counts as paid only when that has confirmed it; please do not pay twice.',
  },
  over: {
    expired: two(
      'This code is too old',
      'Codes renew themselves every minute. Please scan the one on the terminal now.',
    ),
    used: two(
      'This code has been used already',
      'Another phone, or another page on this one, has opened it. Please scan the new code on the terminal.',
    ),
    'two-phones': two(
      'Two phones opened this code',
      'Nobody can pay with it, and nothing was charged. Somebody may have photographed the screen. Ask for a new code at the terminal and compare the two digits.',
    ),
    'not-this-terminal': two(
      'This is not the terminal of the code',
      'Somebody else answered, so the page stopped. Nothing was charged. Tell the shop, and scan only a code on the terminal’s own screen.',
    ),
    'not-same': two(
      'The digits were not the same',
      'Nothing was charged. Ask for a new code at the terminal and compare again.',
    ),
    'no-connection': two(
      'No connection to the terminal',
      'The page could not reach it. Check this phone’s network, then scan a new code.',
    ),
    separated: two(
      'The network keeps phone and terminal apart',
      'Some shops’ Wi-Fi does that. Turn Wi-Fi off, use mobile data, and scan a new code.',
    ),
    'bad-code': two(
      'This code is not complete',
      'The address was cut off. Please scan the code on the terminal again.',
    ),
    ended: two(
      'The terminal has closed this bill',
      'Nothing was charged on this phone. Ask for the bill again at the terminal.',
    ),
    'too-old': two(
      'This browser is too old',
      'It cannot keep the connection private. Please scan with another browser, or pay at the terminal.',
    ),
    cancelled: two('Cancelled at the terminal', 'Nothing was charged on this phone.'),
    idle: two('The terminal waited and went on', 'Nothing was charged. Ask for the bill again when you are ready.'),
    off: two('The terminal was switched off', 'Nothing was charged on this phone.'),
    'not-mine': two('The bill was put away', 'Nothing was charged. The terminal shows its menu again.'),
    'other-tab': two(
      'This bill is open in another tab',
      'Please go on there, or close that tab and open this one again. Only one page can hold a code.',
    ),
    'lost-back': two(
      'This page no longer holds the bill',
      'If the bill is still open in another tab, go on there. If you have paid, the terminal knows from the platform; it shows and prints the receipt.',
    ),
    forged: two(
      'This bill is not genuine',
      'It was not signed by the server. Do not pay it. Please tell the shop and the property office.',
    ),
    unreadable: two('This page is too old for the bill', 'Please close it completely and scan the code again.'),
    'no-keys': two(
      'The bill could not be checked',
      'The server’s keys could not be fetched, so the bill is not shown. Check this phone’s network and try again.',
    ),
  },
  retry: 'Try again',
  plain: {
    title: 'Bills, on your own phone',
    text: 'Ask for your bill at a Tillkeeper terminal and scan the code on its screen with this phone’s camera or with WeChat. Nothing to register.',
  },
  loadFailed: 'This part could not be fetched. Check this phone’s network and try again.',
};
/** Words of the resident's page. */
export type ResidentText = typeof residentEn;
