// What waits for a person.
export default {
  'todo.pick': '选择一项待办',
  'todo.all': '全部',
  'todo.approval': '待审批',
  'todo.returned': '待修改',
  'todo.kinds': '待办类型',
  'todo.items': '待办事项',
  'todo.none': '没有待办',
  'todo.noneHint': '需要你处理的事会出现在这里。',
  'todo.late': '已超期',
  'todo.team': '团队今天',
  'todo.teamCounts': '外出 {away} · 有待办 {waiting}',
  'todo.nobodyAway': '今天没有人请假',
  'todo.away': '请假：{names}',
  'todo.load': '{name}：{waiting} 项待办（最早 {since}）',
  'todo.loadLate': '{name}：{waiting} 项待办，{overdue} 项已超期（最早 {since}）',
};
