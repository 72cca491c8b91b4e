import type { CodesText } from './codes.en.ts';

/** Words of the codes that pass from screen to camera, in Simplified Chinese. */
export const codesZh: CodesText = {
  picture: {
    part: (index, count) => `第 ${index} 部分，共 ${count} 部分`,
    partHint: '二维码会自动切换，请拿稳摄像头，直到全部读完。',
    pause: '停在这一部分',
    go: '继续切换',
    next: '下一部分',
    copy: '复制为文本',
    copied: '已复制，请在读码的一方粘贴。',
    copyFailed: '此浏览器不允许复制。',
  },
  scan: {
    open: '用摄像头扫描',
    close: '关闭摄像头',
    light: '开灯',
    lightOff: '关灯',
    view: '摄像头画面',
    aim: '请让整个二维码位于框内。',
    opening: '正在打开摄像头。',
    parts: (have, count) => `已读 ${have} 部分，共 ${count} 部分，请拿稳。`,
    file: '选择图片',
    type: '粘贴或输入代码',
    text: '文本代码',
    textHint: '以 TK1 开头，可从对方屏幕复制。',
    read: '读取代码',
    searching: '正在读取图片。',
    problem: {
      none: '本设备没有摄像头。请选择二维码图片，或粘贴文本代码。',
      refused: '摄像头未获允许。请在浏览器中为本页开启，或粘贴文本代码。',
      'in-use': '摄像头正被其他程序使用，请先关闭，再在此打开。',
      unsupported: '此浏览器不提供摄像头。请选择二维码图片，或粘贴文本代码。',
      lost: '摄像头已停止，请重新打开。',
      'no-code': '图片中没有二维码。请正对着重拍，拍全整个二维码。',
      'not-a-picture': '此文件不是可读取的图片。',
      foreign: '这不是 Tillkeeper 的二维码。',
      damaged: '代码不完整或输入有误，请重新读取。',
      decoder: '没有取到读码程序。请检查网络后重试。',
    },
    /** Where there is neither a picture to choose nor a text to paste. */
    atTerminal: {
      none: '本设备没有摄像头，请用扫码枪。',
      refused: '摄像头未获允许。请在浏览器中为本页开启，或用扫码枪。',
      unsupported: '此浏览器不提供摄像头，请用扫码枪。',
    },
    wrongKind: {
      siteAsk: '这是维护人员的请求，不是答复。',
      siteAnswer: '这是一份答复。此处需要维护人员的二维码。',
      deviceAsk: '这是给终端的提问。此处需要另一种二维码。',
      deviceAnswer: '这是终端的答复。此处需要另一种二维码。',
    },
  },
};
