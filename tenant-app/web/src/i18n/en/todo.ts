import type zh from '../zh-CN/todo';

const todo: Record<keyof typeof zh, string> = {
  'todo.pick': 'Choose something to do',
  'todo.all': 'All',
  'todo.approval': 'To decide',
  'todo.returned': 'To mend',
  'todo.copies': 'Copies',
  'todo.kinds': 'Kinds',
  'todo.items': 'To do',
  'todo.none': 'Nothing waits for you',
  'todo.noneHint': 'What you have to deal with appears here.',
  'todo.late': 'overdue',
  'todo.team': 'The team today',
  'todo.teamCounts': 'away {away} · with work {waiting}',
  'todo.nobodyAway': 'Nobody is on leave today',
  'todo.away': 'On leave: {names}',
  'todo.load': '{name}: {waiting} to do (oldest: {since})',
  'todo.loadLate': '{name}: {waiting} to do, {overdue} overdue (oldest: {since})',
  'todo.selectAll': 'Select all',
  'todo.select': 'Select',
  'todo.read': 'Mark {count} as read',
  'todo.readAll': 'Mark all as read',
  'todo.wasRead': 'Marked as read',
  'error.todo_not_read': 'What waits for you to do cannot be marked as read',
};

export default todo;
