/** The queue of what waits to be sent, in English. */
export const technicianQueueEn = {
  what: {
    request: 'Unlock request',
    photo: 'Photo',
    inspection: 'Inspection',
    receipt: 'Receipt',
    report: 'Service record',
    site: 'Unlock on site',
    other: 'Message to the office',
  },
  /** Why it still waits. */
  why: {
    new: 'not sent yet',
    offline: 'server not reached',
    timeout: 'the server did not answer in time',
    portal: 'a network sign-in page is in the way',
    'signed-out': 'waits until you sign in',
    'in-progress': 'the server is at work on it',
    'rate-limited': 'the server asks for a pause',
    server: 'the server is restarting or has a fault',
  },
  sending: 'being sent',
  dead: 'refused by the server',
  tries: (count: number) => (count === 1 ? '1 try' : `${String(count)} tries`),
  since: (age: string) => `for ${age}`,
  next: (time: string) => `next try in ${time}`,
  sendNow: 'Send now',
  export: 'Export',
  exported: 'The queue is in your downloads.',
  again: 'Send again',
  discard: 'Discard',
  discardTitle: 'Discard this entry?',
  discardHint: 'The server will never hear of it. Export the queue first if somebody may need it.',
  discardAct: 'Discard for good',
  diskFull: (percent: number) => `The browser’s storage is ${String(percent)} % full. Send or export what waits.`,
  trouble: {
    'not-saved': [
      'Nothing can be saved in this browser right now.',
      'What you do is kept only in this tab. Leave it open until this note is gone.',
    ],
    blocked: [
      'Another tab with an older version holds the storage.',
      'Close the other Tillkeeper tabs. Until then everything is kept only here.',
    ],
    replaced: [
      'A newer version of Tillkeeper is open in another tab.',
      'Reload this page. Until then everything is kept only here.',
    ],
  },
};

/** The shape of the queue's dictionary; every language has exactly these keys. */
export type TechnicianQueueText = typeof technicianQueueEn;
