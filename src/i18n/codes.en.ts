/** Words of the codes that pass from screen to camera, in English. */
export const codesEn = {
  picture: {
    part: (index: string, count: string) => `Part ${index} of ${count}`,
    partHint: 'The code changes by itself. Hold the camera still until it has all the parts.',
    pause: 'Hold this part',
    go: 'Go on',
    next: 'Next part',
    copy: 'Copy as text',
    copied: 'Copied. Paste it where the code is read.',
    copyFailed: 'This browser does not allow copying.',
  },
  scan: {
    open: 'Scan with the camera',
    close: 'Close the camera',
    light: 'Light on',
    lightOff: 'Light off',
    view: 'Picture of the camera',
    aim: 'Hold the camera so that the whole code is in the frame.',
    opening: 'The camera opens.',
    parts: (have: string, count: string) => `${have} of ${count} parts read. Hold still.`,
    file: 'Choose a picture',
    type: 'Paste or type the code',
    text: 'Code as text',
    textHint: 'It begins with TK1. Copy it from the other screen.',
    read: 'Read the code',
    searching: 'The picture is being read.',
    problem: {
      none: 'This device has no camera. Choose a picture of the code, or paste it as text.',
      refused:
        'The camera is not allowed. Allow it in the browser’s settings for this page, or paste the code as text.',
      'in-use': 'Another program uses the camera. Close it there and open it again here.',
      unsupported: 'This browser gives no camera here. Choose a picture of the code, or paste it as text.',
      lost: 'The camera stopped. Open it again.',
      'no-code': 'There is no code in this picture. Take it again, straight and with the whole code.',
      'not-a-picture': 'This file is no picture that can be read.',
      foreign: 'This is not a code of Tillkeeper.',
      damaged: 'The code is cut short or mistyped. Read it again.',
      decoder: 'The reader could not be fetched. Check the network and try again.',
    },
    /** Where there is neither a picture to choose nor a text to paste. */
    atTerminal: {
      none: 'This device has no camera. Please use the scanner.',
      refused: 'The camera is not allowed. Allow it in the browser’s settings for this page, or use the scanner.',
      unsupported: 'This browser gives no camera here. Please use the scanner.',
    },
    wrongKind: {
      siteAsk: 'This is what the technician asks, not an answer.',
      siteAnswer: 'This is an answer. Here the technician’s code is needed.',
      deviceAsk: 'This is a question to a terminal. Here another code is needed.',
      deviceAnswer: 'This is a terminal’s answer. Here another code is needed.',
    },
  },
};

/** The shape of this dictionary. */
export type CodesText = typeof codesEn;
