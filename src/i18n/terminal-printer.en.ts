/** Words of the terminal's printer settings, in English. */
export const printerEn = {
  title: 'Receipt printer',
  hint: 'Where receipts come out of',
  kind: {
    'secure-device': 'In the secure device',
    serial: 'Serial printer',
    usb: 'USB printer',
  },
  chosen: 'chosen',
  chosenPort: (id: string) => `chosen, USB adapter ${id}`,
  chosenBuiltIn: 'chosen, built-in port',
  chosenUsb: (name: string) => `chosen, ${name}`,
  choose: 'Press to choose one',
  cannot: 'This browser cannot reach such printers',
  noDevice: 'The secure device is not connected',
  testAct: 'Print a test',
  testHint: 'A short slip',
  speed: (baud: string) => `Speed ${baud} baud`,
  speedHint: 'As on the printer’s self-test. Press for the next.',
  width: (columns: string) => `${columns} characters in a line`,
  widthHint: 'Paper of 58 mm has 32, of 80 mm 48 or 42. The dashes of the test fill one line.',
  forget: 'Forget this printer',
  forgetHint: 'Receipts come out of the secure device again',
  busy: 'One moment',
  printed: 'The slip was sent. Can it be read? If it shows strange signs, change the speed.',
  printedPlain: 'The slip was sent. Look whether it can be read.',
  problem: {
    unsupported: 'This browser cannot reach such printers. Use Chrome or Edge, and the address with https.',
    'none-chosen': 'No printer was chosen. If the list was empty, check plug and power of the printer.',
    blocked: 'The browser’s settings for this page forbid it. Allow it there, or ask who looks after this computer.',
    'no-printer-there': 'That device is no printer. Choose another one.',
  },
  failed: {
    'no-printer': 'No printer is connected. Choose one here, or connect the secure device.',
    unreachable: 'The printer does not answer. Check its plug and power, then print a test.',
    'in-use': 'Another program holds the printer. Close it, or remove the printer from the system’s own list.',
    'out-of-paper': 'The printer has no paper. Put a roll in, then print a test.',
    'printer-failed': 'The printer stopped while printing. Check paper, lid and cable, then print a test.',
  },
  fallback: 'Until it works, receipts are shown on the screen.',
  test: {
    title: 'Test',
    terminal: (label: string) => `Terminal ${label}`,
    sample: 'Amount ￥128.50 · 金额',
  },
};

/** The shape of the printer settings' dictionary. */
export type PrinterText = typeof printerEn;
