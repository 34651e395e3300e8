import type zh from '../zh-CN/shell';

const shell: Record<keyof typeof zh, string> = {
  'action.back': 'Back',
  'action.cancel': 'Cancel',
  'action.clear': 'Clear',
  'action.close': 'Close',
  'action.copied': 'Copied',
  'action.notCopied': 'Could not copy; please select and copy by hand',
  'action.down': 'Move down',
  'action.up': 'Move up',
  'action.more': 'More actions',
  'action.reload': 'Reload',
  'action.retry': 'Try again',
  'action.save': 'Save',

  'nav.chat': 'Chat',
  'nav.todo': 'To do',
  'nav.work': 'Work',
  'nav.directory': 'Directory',
  'nav.admin': 'Admin',
  'nav.me': 'Me',
  'nav.self': 'Me: {name}',

  'shell.skip': 'Skip to content',
  'shell.places': 'Main',
  'shell.search': 'Search',
  'shell.searchHint': 'Search (Ctrl K)',
  'shell.offline': 'You are offline; messages go out once the network is back',
  'shell.notices': 'Notices',
  'shell.begin': 'New',
  'shell.newVersion': 'A new version is ready',
  'shell.useNewVersion': 'Use it now',

  'palette.hint': 'Find people, messages, approvals, files or pages',
  'palette.results': 'Results',
  'palette.escape': 'Esc',

  'state.loading': 'Loading',
  'state.slow': 'The connection is slow',
  'state.slowHint': 'The server has not answered yet. Wait on, or try again.',
  'state.offline': 'Cannot reach the server',
  'state.offlineHint': 'Check the network, then try again.',
  'state.forbidden': 'Not allowed',
  'state.forbiddenHint': 'If you need this, ask an administrator of your company.',
  'state.missing': 'Not found',
  'state.noPage': 'There is no such page',
  'state.nothingFound': 'Nothing found',
  'state.requestId': 'Request {id}: tell it to your administrator',
  'state.broken': 'This page ran into a problem',
  'state.brokenHint': 'Reloading usually helps.',

  'lang.zh': '中文',
  'lang.en': 'English',

  'conflict.title': 'Somebody has just changed this',
  'conflict.text':
    'Look at the latest and fill in again, or keep your own changes: what they changed and you did not stays.',
  'conflict.theirs': 'See the latest',
  'conflict.mine': 'Keep my changes',
};

export default shell;
