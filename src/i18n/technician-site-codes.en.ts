/** What codes of work on site mean and what to do, in English. */
export const technicianSiteCodesEn = {
  bar: {
    none: ['There is no delegation on this device.', 'Next time ask for one before you leave.'],
    'not-listed': [
      'Your delegation does not list this terminal.',
      'A delegation opens only the terminals in its list.',
    ],
    'not-yet': ['Its hours have not begun by this device’s clock.', 'Check the clock.'],
    over: ['Its hours are over.', 'Renew it when the network is back.'],
    'used-up': ['All its uses are used up.', 'Ask for another when the network is back.'],
    'used-up-here': ['It is used up on this terminal.', 'A terminal that keeps locking needs a look by the office.'],
    reasons: ['It does not cover the reason of this lock.', 'This reason is decided by the office.'],
    'identity-dead': ['The terminal’s own key is gone.', 'It must go to the depot.'],
  },
  problem: {
    'no-key': 'The key that the delegation names is not on this device.',
    cancelled: 'No passkey was used. Nothing has changed; sign when you are ready.',
    failed: 'The signature did not succeed. Try again.',
    'use-unresolved':
      'What became of the last use on another terminal is not known. Plug that terminal in first: the numbers must have no gap.',
    'not-an-answer': 'This is not a second person’s answer.',
    'other-answer': 'This answers an earlier code. Let them scan the code that is shown now.',
    'same-person': 'This is your own key. It takes two persons.',
    'not-listed': 'This person may not confirm on this terminal.',
    'bad-signature': 'The signature does not hold. Let them confirm again.',
  },
  /** Why the terminal sent the signatures of both back. What is missing here reads as for a grant. */
  deviceRefusal: {
    'not-listed': ['The terminal is not in the delegation’s list.', 'Wait for the network and ask the server.'],
    revoked: [
      'The terminal has heard that this delegation was revoked.',
      'Ask for a new one when the network is back.',
    ],
    'uses-exhausted': [
      'The delegation is used up on this terminal.',
      'Ask for a new one, or ask the server when the network is back.',
    ],
    'wrong-delegation': ['What was signed belongs to another delegation.', 'Sign again, both of you.'],
    'wrong-second': [
      'The second person may not confirm on this terminal.',
      'Let one of the persons confirm whom the delegation names.',
    ],
    expired: [
      'By the terminal’s clock the delegation’s hours are over.',
      'Ask for a new one when the network is back.',
    ],
    'not-yet-valid': [
      'By the terminal’s clock the delegation’s hours have not begun.',
      'Compare the clocks of terminal and laptop; it is tried again.',
    ],
    'span-too-long': ['The delegation would hold longer than a terminal allows.', 'Tell the office.'],
    'stale-sequence': [
      'A later delegation, or a later use, was taken by this terminal before.',
      'Use the newest delegation and sign again.',
    ],
    'reason-not-covered': [
      'The terminal is locked for a reason that the delegation does not cover.',
      'This reason is decided by the office: ask when the network is back.',
    ],
    'wrong-epoch': ['The signatures are for an earlier lock of this terminal.', 'Sign again, both of you.'],
    'wrong-nonce': ['The signatures answer an earlier request.', 'Sign again, both of you.'],
    'wrong-device': ['The signatures are for another terminal.', 'Check the serial number, then sign again.'],
    'same-signer': ['Both signatures are by one key.', 'It takes a second person with a phone of their own.'],
    'bad-signature': ['A signature does not hold.', 'Sign again, both of you; if it stays, tell the office.'],
  } as Readonly<Record<string, readonly [string, string]>>,
  refusal: {
    'key-revoked': [
      'The field key of this device was revoked.',
      'Set up a new one on the account page, then ask again.',
    ],
    'hours-too-long': ['Too many hours.', 'Ask for fewer.'],
    'too-many-terminals': ['Too many terminals.', 'Ask for fewer.'],
    'too-many-seconds': ['Too many second persons.', 'Name fewer.'],
    'uses-doubled': ['One use of your last delegation came twice.', 'Call the office.'],
    'uses-missing': [
      'A use of your last delegation has not reached the server.',
      'Send what waits in the queue, or call the office.',
    ],
    'cool-down': ['One of your delegations was revoked a short while ago.', 'Wait, or call the office.'],
    'too-many-active': ['You have as many delegations as are allowed at once.', 'Revoke one, then ask again.'],
    'too-many-today': ['You have had today’s delegations.', 'Ask online, or go on tomorrow.'],
    'ticket-not-open': ['A ticket is closed.', 'Open a new one for this terminal.'],
    'ticket-not-assigned': ['A ticket is not yours.', 'Claim it first.'],
    stolen: ['A terminal is reported stolen.', 'Keep it and call the office.'],
    'depot-terminal': ['A terminal must go to the depot.', 'Give the merchant a spare.'],
    'lifetime-limit': ['A terminal has used up its unlocks.', 'Send it to the depot; give the merchant a spare.'],
    'reason-not-on-site': ['The reason of a lock is not cleared on site.', 'Ask online for this terminal.'],
    'terminal-listed': ['A colleague’s delegation lists a terminal.', 'Ask the colleague to revoke it.'],
    'site-limit': ['This merchant’s unlocks on site of the week are used up.', 'Ask online.'],
    'same-person': ['You cannot confirm your own unlock.', 'Name somebody else.'],
    'second-not-active': ['A second person’s account or key is not in force.', 'Name somebody else.'],
    'second-wrong-role': ['A second person is neither a colleague nor of the merchant.', 'Name somebody else.'],
    'second-other-merchant': ['A second person is of another merchant.', 'Name somebody of this one.'],
    'pair-limit': ['The two of you have confirmed too often together.', 'Name somebody else.'],
    'refused-by-approver': ['The approver said no.', 'Read the reason, put it right, then ask again.'],
  } as Readonly<Record<string, readonly string[]>>,
};
