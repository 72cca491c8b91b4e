import type { PrinterText } from './terminal-printer.en.ts';

/** Words of the terminal's printer settings, in Simplified Chinese. */
export const printerZh: PrinterText = {
  title: '小票打印机',
  hint: '小票从哪里打印',
  kind: {
    'secure-device': '安全设备自带',
    serial: '串口打印机',
    usb: 'USB 打印机',
  },
  chosen: '已选用',
  chosenPort: (id) => `已选用，USB 转接口 ${id}`,
  chosenBuiltIn: '已选用，内置串口',
  chosenUsb: (name) => `已选用，${name}`,
  choose: '按此选择',
  cannot: '此浏览器不能连接这类打印机',
  noDevice: '安全设备未连接',
  testAct: '打印测试页',
  testHint: '一小张',
  speed: (baud) => `速率 ${baud}`,
  speedHint: '须与打印机自检页上的一致，按此换下一个',
  width: (columns) => `每行 ${columns} 个字符`,
  widthHint: '58 毫米的纸是 32，80 毫米的是 48 或 42。测试页上的短横应正好占满一行。',
  forget: '不再使用这台打印机',
  forgetHint: '小票改回由安全设备打印',
  busy: '请稍候',
  printed: '已送出测试页。字能看清吗？若是乱码，请换一个速率。',
  printedPlain: '已送出测试页，请看字是否清楚。',
  problem: {
    unsupported: '此浏览器不能连接这类打印机。请用 Chrome 或 Edge，并用 https 开头的地址打开。',
    'none-chosen': '没有选择打印机。如果列表是空的，请检查打印机的连线和电源。',
    blocked: '浏览器对本页的设置不允许。请在设置中允许，或请电脑管理员处理。',
    'no-printer-there': '选中的设备不是打印机，请另选一个。',
  },
  failed: {
    'no-printer': '没有连接打印机。请在此选择一台，或连接安全设备。',
    unreachable: '打印机没有应答。请检查连线和电源，再打印测试页。',
    'in-use': '打印机被其他程序占用。请关闭那个程序，或把它从系统的打印机列表中删除。',
    'out-of-paper': '打印机缺纸。请装上纸卷，再打印测试页。',
    'printer-failed': '打印中途停止。请检查纸、上盖和连线，再打印测试页。',
  },
  fallback: '修好之前，小票显示在屏幕上。',
  test: {
    title: '测试',
    terminal: (label) => `终端 ${label}`,
    sample: '金额 ￥128.50',
  },
};
