// Consent: who agreed to the texts.
export default {
  'admin.consents': '同意记录',

  'consents.hint':
    '每个人首次登录时阅读并同意用户协议和隐私政策；内容更新后会再次询问。现在是第 {edition} 版（{since}）。',
  'consents.all': '全部',
  'consents.open': '尚未同意',
  'consents.search': '按姓名查找',
  'consents.none': '没有记录',
  'consents.allAgreed': '所有人都已同意',
  'consents.which': '显示哪些人',
  'consents.from': '第 {edition} 版 · {at} · {address}',
  'consents.withdrawnAt': '{at} 撤回',
  'consents.agreed': '已同意',
  'consents.outdated': '已同意旧版',
  'consents.withdrawn': '已撤回',
  'consents.unasked': '尚未同意',
  'consents.left': '不能再登录',
  'consents.noAddress': '地址未知',

  'about.terms': '用户协议',
  'about.policy': '隐私政策',
  'about.consent': '隐私与同意',

  'error.consent_needed': '请先阅读并同意用户协议和隐私政策',

  'right.privacy': '隐私',
  'right.privacy.read': '查看同意记录',
  'right.privacy.read.hint': '谁在什么时间同意了哪一版协议，可以导出',
};
