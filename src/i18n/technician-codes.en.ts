/** Failures of the cable: what happened, what to do, how to check. Keys: `openErrors` of src/device. */
const openErrorEn = {
  'no-device-selected': [
    'No terminal was chosen.',
    'Choose it in the browser’s list.',
    'If the list is empty, check the cable: some charge only and carry no data.',
  ],
  'blocked-by-policy': [
    'This browser may not use the cable on this site.',
    'Allow serial ports in the site settings, or ask your IT.',
    'The settings open from the icon left of the address.',
  ],
  'gesture-needed': [
    'The browser wants a press of the button itself.',
    'Press the button again.',
    'It works when the list of terminals appears.',
  ],
  'insecure-context': [
    'This page was not loaded securely.',
    'Open it by its https address.',
    'The address must begin with https.',
  ],
  'unsupported-browser': [
    'This browser cannot use a cable.',
    'Open the page in Chrome or Edge on a computer.',
    'Version 89 or later has what is needed.',
  ],
  'in-use': [
    'Another program holds the terminal.',
    'Close it: a serial monitor, a vendor’s tool, an update service.',
    'If it stays, unplug the cable and plug it in again.',
  ],
  'other-tab': [
    'Another tab of Tillkeeper holds the terminal.',
    'Take it over here, or go on there.',
    'The other tab lets go by itself when you take over.',
  ],
  'no-permission': [
    'Your account may not open serial ports on this computer.',
    'On Linux join the group dialout (or uucp), then log in again; for a snap browser connect raw-usb.',
    'The command “groups” must name the group. If it does, another program holds the port.',
  ],
  'busy-opening': [
    'The port is just being opened or closed.',
    'Wait a moment; it is tried again.',
    'If it stays, unplug the cable and plug it in again.',
  ],
  gone: [
    'The terminal is not plugged in any more.',
    'Plug the cable in again; the work goes on by itself.',
    'The terminal’s screen must show the cable sign.',
  ],
  'not-ours': [
    'This device is no terminal.',
    'Choose another entry of the list.',
    'The entry names the terminal’s model.',
  ],
  unreachable: [
    'The emulated terminal does not answer.',
    'Start the demo again.',
    'The terminal’s own page must open.',
  ],
  silent: [
    'The port is open, but the terminal says nothing.',
    'Check that it is switched on; then unplug and plug in again.',
    'Its screen must be lit. A wrong device on the port is silent too.',
  ],
  'wrong-device': [
    'This is another terminal.',
    'Plug in the one of this ticket, or open the ticket of this one.',
    'The serial number stands on the label at the back.',
  ],
  'wrong-version': [
    'The terminal speaks another version of the protocol.',
    'Reload this page; if it stays, the terminal needs newer firmware.',
    'The office knows which version belongs to this model.',
  ],
  unknown: [
    'The browser reported a failure that we do not know.',
    'Unplug the cable, plug it in again, connect again.',
    'The support bundle holds its exact words.',
  ],
};

/** Failures while something was asked of the terminal: what happened, what to do. */
const cableErrorEn = {
  timeout: ['The terminal did not answer in time.', 'Check that it is on and the cable sits firmly.'],
  closed: ['The cable was interrupted.', 'Plug it in again; the work goes on by itself.'],
  'bad-reply': [
    'The terminal’s answer does not fit its version.',
    'Reload this page; if it stays, send the support bundle.',
  ],
  'too-large': ['The message is too large for the terminal.', 'Send the support bundle.'],
  'too-many-requests': ['Too much was asked at once.', 'It is tried again in a moment.'],
  'unknown-op': ['This terminal’s firmware cannot do this.', 'Ask the office for newer firmware.'],
  'bad-params': [
    'The terminal did not understand the message.',
    'Reload this page; if it stays, send the support bundle.',
  ],
  busy: ['The terminal is busy.', 'It is tried again in a moment.'],
  'not-in-state': ['The terminal’s state has changed.', 'It is read again.'],
  'too-soon': ['The terminal allows a new request only every 10 seconds.', 'It is tried again in a moment.'],
  refused: ['The terminal refuses this.', 'Read its screen; ask the office.'],
  storage: ['The terminal cannot store anything any more.', 'Send it to the depot.'],
  internal: ['A fault inside the terminal.', 'It is tried again once; then send it to the depot.'],
} as Readonly<Record<string, readonly [string, string]>>;

const pageErrorEn = {
  'no-receipt': ['The terminal is unlocked but keeps no receipt.', 'Tell the office; they close the case by hand.'],
  'no-order': ['The server has no next order yet.', 'It is asked again in a moment.'],
  'photo-missing': ['A photo is not in this browser any more.', 'Take it again.'],
  'delegation-gone': ['The delegation is not on this device any more.', 'Ask the server instead, or fetch it again.'],
  'site-not-listed': ['The delegation does not list this terminal.', 'Choose another way.'],
  'site-request-unreadable': ['The terminal’s request cannot be read.', 'Unplug it, plug it in again.'],
  'site-other-terminal': [
    'The request is of another terminal than the one of this ticket.',
    'Check the serial number on the label; plug in the right one.',
  ],
  'site-request-unsigned': [
    'The terminal did not sign its request with its registered key.',
    'It cannot be unlocked on site. Ask the office, or send it to the depot.',
  ],
  'site-number-differs': [
    'The terminal’s screen shows the number of another request.',
    'Unplug it, plug it in again, and compare the numbers.',
  ],
  'use-number-taken': [
    'This delegation was used on another terminal meanwhile.',
    'Sign again: the second person confirms a fresh code.',
  ],
} as Readonly<Record<string, readonly [string, string]>>;

/** Why the terminal did not accept a grant: what it means, what to do. */
const deviceRefusalEn = {
  malformed: ['The grant arrived damaged.', 'Ask again.'],
  'unsupported-version': ['The grant is of another version.', 'The server or the firmware must be updated.'],
  'wrong-device': ['The grant is for another terminal.', 'Check the serial number, then ask again.'],
  'wrong-epoch': ['The terminal has locked again since the request.', 'Ask again.'],
  'wrong-nonce': ['The grant answers an earlier request.', 'Ask again.'],
  'not-locked': ['The terminal is not locked.', 'There is nothing to clear.'],
  'no-challenge': ['The terminal waits for no answer.', 'Ask again.'],
  'bad-signature': ['A signature of the grant does not hold.', 'Ask again; if it stays, tell the office.'],
  'unknown-key': [
    'The terminal does not know the key that signed.',
    'Ask again; the keys are brought up to date first.',
  ],
  'wrong-class': ['A key was used for a duty that is not its own.', 'Tell the office.'],
  'same-signer': ['Both signatures are by one key.', 'Tell the office.'],
  'key-expired': ['A signing key’s time is over.', 'Ask again; if it stays, tell the office.'],
  expired: ['The grant came too late.', 'Ask again.'],
  'not-yet-valid': ['The grant is not valid yet.', 'It is tried again; check the terminal’s clock if it stays.'],
  'span-too-long': ['The grant would be valid for too long.', 'Tell the office.'],
  'stale-sequence': ['The grant was used before.', 'Ask again.'],
  'nothing-allowed': ['The terminal allows nothing of what was granted.', 'Tell the office.'],
  'reason-not-covered': ['Another reason for the lock came since the request.', 'Ask again.'],
  'too-many-attempts': ['Too many wrong answers: the terminal makes everybody wait.', 'Wait until the time is over.'],
  'keyset-stale': ['The terminal needs newer keys first.', 'Ask again.'],
} as Readonly<Record<string, readonly [string, string]>>;

/** Why the policy or an approver refused: what it means, what to do. */
const policyRefusalEn = {
  stolen: ['This terminal is reported stolen.', 'Keep it and call the office.'],
  'ticket-not-open': ['The ticket is closed.', 'Open a new one for this terminal.'],
  'ticket-other-terminal': ['The ticket is for another terminal.', 'Plug in that one, or take the ticket of this one.'],
  'ticket-not-assigned': ['The ticket is not yours.', 'Claim it, or ask the office to give it to you.'],
  'technician-limit': [
    'You have reached today’s number of unlocks.',
    'Ask the office for a colleague, or go on tomorrow.',
  ],
  'epoch-broken': ['Its counters went back: it may be a copy.', 'Send it to the depot.'],
  'identity-dead': ['Its own identity key is gone.', 'Send it to the depot.'],
  'mesh-broken': ['Its mesh or supply was attacked.', 'Send it to the depot; give the merchant a spare.'],
  'repeated-tamper': ['It was opened too often in 30 days.', 'Send it to the depot; give the merchant a spare.'],
  'lifetime-limit': ['It has used up its unlocks.', 'Send it to the depot; give the merchant a spare.'],
  'no-reason': ['Its request names no reason for a lock.', 'Ask again.'],
  'refused-by-approver': ['The approver refused.', 'Read the reason, put it right, then ask again.'],
  'depot-by-approver': ['The approver sends it to the depot.', 'Give the merchant a spare.'],
} as Readonly<Record<string, readonly [string, string]>>;

/** Texts for every code that a technician may see. */
export const technicianCodesEn = {
  openError: openErrorEn,
  cableError: cableErrorEn,
  pageError: pageErrorEn,
  deviceRefusal: deviceRefusalEn,
  policyRefusal: policyRefusalEn,
};
