/** What happened, and what it means or what to do. */
type Two = readonly [title: string, text: string];
const two = (title: string, text: string): Two => [title, text];

/** Words of the resident's page from the press on: why nothing was begun, checking, the receipt. In English. */
export const residentAfterEn = {
  refusal: {
    failed: two('Not paid', 'The payment did not go through. Nothing was charged. Try again or choose another way.'),
    closed: two('Not paid', 'The payment was ended before any money moved. Nothing was charged. You can pay again.'),
    expired: two('This sum is no longer valid', 'Nothing was charged. Please ask for the bill again at the terminal.'),
    reversed: two('The money goes back', 'The payment was undone; the money returns by itself the way it came.'),
    'being-paid': two(
      'Somebody else is paying this bill now',
      'Nothing was charged on this phone. Wait a minute, then try again: if they do not finish, you can pay.',
    ),
    'already-paid': two(
      'This bill is paid already',
      'Nothing was charged on this phone. The receipt can be read and printed at the terminal.',
    ),
    'not-confirmed': two(
      'The digits were not confirmed yet',
      'Nothing was charged. Compare the two digits with the terminal, press “same” there, then pay here.',
    ),
    'channel-off': two('This way is closed at the moment', 'Nothing was charged. Please choose another way.'),
    'bad-account': two(
      'The bank cannot use this card number',
      'Nothing was charged. Check the bank card number, or choose another way.',
    ),
    'no-server': two(
      'The terminal did not answer',
      'Nothing was charged. Try again: pressing twice is still one payment.',
    ),
    'false-way': two(
      'This payment page is not genuine',
      'Nothing was charged. The server did not sign it for this bill; somebody else may have made it. Do not pay, and tell the counter.',
    ),
    unknown: two('The payment could not be begun', 'Nothing was charged. Try again or choose another way.'),
  },
  changed: {
    title: 'The sum has changed',
    before: 'Before',
    now: 'Now',
    nothing: 'Nothing was charged.',
  },
  away: {
    title: (way: string) => `Opening ${way}`,
    text: 'Pay there, then come back to this page. It shows by itself what became of it.',
  },
  checking: {
    title: (way: string) => `Checking with ${way}`,
    text: 'It counts as paid only when the platform has confirmed it. This can take a moment; please do not pay twice.',
    gone: 'The terminal is not connected any more. This page asks the server by itself.',
    again: (way: string) => `Back to ${way}`,
    otherWay: 'I have not paid: choose another way',
    unknownTitle: 'No answer yet',
    unknown:
      'Neither terminal nor server has the platform’s answer. Do not pay again. If you have paid, it is credited as soon as the answer comes; a payment that does not count is given back by itself.',
    ask: 'Ask again',
  },
  receipt: {
    paid: 'Paid',
    confirmedBy: (way: string, time: string) => `Confirmed by ${way} at ${time}`,
    title: 'Receipt',
    number: 'Receipt number',
    copy: 'Copy',
    copied: 'Copied',
    way: 'Paid with',
    at: 'Time',
    household: 'Household',
    tail: (tail: string) => `ending in ${tail}`,
    payee: 'Payee',
    terminal: 'Terminal',
    transaction: 'Platform’s number',
    next: 'What happens next',
    state: { done: 'done', now: 'now', next: 'to come', wait: 'needs you' },
    money: 'The money has arrived',
    credited: 'Entered for your household',
    creditedAll: 'Nothing is left to pay of this.',
    creditedLeft: (yuan: string) => `${yuan} is left to pay.`,
    creditedBalance: 'Added to your balance.',
    print: {
      printing: two(
        'The terminal prints the paper receipt',
        'Wait a few seconds and take it at the bottom of the terminal.',
      ),
      printed: two('The paper receipt is printed', 'Please take it at the bottom of the terminal.'),
      'no-paper': two(
        'The terminal has no paper',
        'Keep this page as a picture. Any terminal prints the receipt later.',
      ),
      none: two('Paper receipt', 'The terminal prints it if it can; any terminal prints it again later.'),
    },
    close:
      'You may close this page. Any terminal shows and prints it again, with your household number and the digits that you agreed with the payee.',
    picture: 'Keep as picture',
    pictureHint: 'Press the picture and hold to save it.',
    pictureMade: 'The picture was saved to this phone’s downloads.',
    pictureFailed: 'The picture could not be made. Print the page or copy the receipt number instead.',
    share: 'Share',
    print_: 'Print',
    shared: 'Copied as text. Paste it where you want it.',
    keep: 'Keep in my details',
    speak: (title: string, yuan: string) => `${title}: ${yuan} paid.`,
  },
};
/** Words of the resident's page from the press on. */
export type ResidentAfterText = typeof residentAfterEn;
