/** Words of a resident's page that shows a code itself, in English. */
export const residentShowEn = {
  open: 'Show my code',
  openHint: 'If the camera cannot read the terminal’s screen: let the terminal scan this phone.',
  title: 'Let the terminal scan this',
  steps: [
    'At the terminal, ask for your bill.',
    'There press 3, “Scan the phone”.',
    'Hold this code to its scanner or camera.',
  ],
  label: 'This phone’s code for the terminal',
  making: 'Making a code',
  calm: 'The code renews itself every minute. Only a terminal can use it, and only once.',
  another: 'New code',
  resting: 'No code is shown now.',
  back: 'Back',
  problem: {
    'no-connection': 'The server cannot be reached. Check this phone’s network; it is tried again by itself.',
    busy: 'Too many codes were made on this network. Please wait half a minute; it goes on by itself.',
    forged:
      'Somebody answered who has not seen this phone’s code. Nothing was opened. Please let the terminal scan the new code.',
    'too-old': 'This browser is too old for that. Please open the page in another browser.',
  },
};
/** Words of a page that shows its own code. */
export type ResidentShowText = typeof residentShowEn;
