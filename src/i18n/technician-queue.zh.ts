import type { TechnicianQueueText } from './technician-queue.en.ts';

/** The queue of what waits to be sent, in Chinese. */
export const technicianQueueZh: TechnicianQueueText = {
  what: {
    request: '解锁申请',
    photo: '照片',
    inspection: '检查记录',
    receipt: '回执',
    report: '维护记录',
    site: '现场解锁',
    other: '发给后台的消息',
  },
  why: {
    new: '尚未发送',
    offline: '连不上服务器',
    timeout: '服务器没有及时回应',
    portal: '被网络登录页面拦住',
    'signed-out': '等您重新登录',
    'in-progress': '服务器正在处理',
    'rate-limited': '服务器要求稍等',
    server: '服务器正在重启或出了故障',
  },
  sending: '正在发送',
  dead: '服务器拒绝了',
  tries: (count: number) => `已试 ${String(count)} 次`,
  since: (age: string) => `已等 ${age}`,
  next: (time: string) => `${time}后再试`,
  sendNow: '立即发送',
  export: '导出',
  exported: '队列已存到下载文件夹。',
  again: '重新发送',
  discard: '丢弃',
  discardTitle: '要丢弃这一项吗？',
  discardHint: '服务器将永远收不到它。如果以后可能用到，请先导出队列。',
  discardAct: '永久丢弃',
  diskFull: (percent: number) => `浏览器存储已用 ${String(percent)}%。请先发送或导出待发内容。`,
  trouble: {
    'not-saved': ['浏览器现在无法保存任何内容。', '您所做的只留在这个标签页里。在此提示消失前请不要关闭它。'],
    blocked: ['另一个标签页里的旧版本占用了存储。', '请关闭其他 Tillkeeper 标签页。在此之前内容只留在这里。'],
    replaced: ['另一个标签页里打开了新版 Tillkeeper。', '请重新加载本页。在此之前内容只留在这里。'],
  },
};
