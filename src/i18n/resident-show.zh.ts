import type { ResidentShowText } from './resident-show.en.ts';

/** Words of a resident's page that shows a code itself, in Simplified Chinese. */
export const residentShowZh: ResidentShowText = {
  open: '显示我的码',
  openHint: '如果相机扫不了终端的屏幕，可以让终端来扫这部手机。',
  title: '请让终端扫这个码',
  steps: ['先在终端上查好账单。', '在终端上按 3，“扫手机的码”。', '把这个码对准终端的扫码口或摄像头。'],
  label: '这部手机给终端扫的码',
  making: '正在生成码',
  calm: '码每分钟自动换新，只有终端能用，只能用一次。',
  another: '换新码',
  resting: '现在没有显示码。',
  back: '返回',
  problem: {
    'no-connection': '连不上服务器。请看看手机的网络，会自动再试。',
    busy: '这个网络里生成的码太多。请等半分钟，会自动继续。',
    forged: '有人没看到这部手机的码就来回应，什么也没有打开。请让终端扫新的码。',
    'too-old': '这个浏览器太旧。请换一个浏览器打开这一页。',
  },
};
