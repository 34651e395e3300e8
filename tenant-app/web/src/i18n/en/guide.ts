// First login, first steps, help.
export default {
  'me.start': 'Getting started',
  'me.help': 'Help',

  'tour.title': 'Welcome to {company}',
  'tour.at': 'Card {at} of {of}',
  'tour.skip': 'Skip',
  'tour.next': 'Next',
  'tour.begin': 'Start',
  'tour.chat':
    'Write to colleagues and your department, send pictures and files. Where a message asks “Received”, one tap is enough. It works without a network too: what you wrote is sent once you are connected.',
  'tour.chatHead':
    'A message to your department can ask for receipts: you see who has it and who has not answered, and can nudge them.',
  'tour.chatAdministrator':
    'Every department has a room of its own. Its members follow the directory; nobody has to be added by hand.',
  'tour.chatGuest':
    'Write to your contact here and exchange files. You see what was given to you and nothing of others, and they see nothing of yours.',
  'tour.todo':
    'Whatever waits for you is here, and goes once it is done. A request that came back is here too: mend it and send it again.',
  'tour.todoHead':
    'What waits for your decision is here, one after the other. “Team today” on top tells who is away and what has waited for how long.',
  'tour.work':
    'Leave, expenses and other requests begin here. See how far they are, nudge when it takes long, withdraw what was wrong.',
  'tour.workHead':
    'What you submitted, decided or got a copy of is here. Your own leave and expenses begin here too.',
  'tour.me':
    'Change your picture and password, see what was not sent yet. Whenever you wonder how, look into Help: most answers are one sentence.',
  'tour.meAdministrator':
    '“Getting started” has a list: import people, name heads, give rights. It ticks itself. Common questions are in Help.',

  'start.hint': '{done} of {of} done. Steps tick themselves, and you can leave out what you do not need.',
  'start.allDone': 'All done. Answers are in Help whenever you need them.',
  'start.banner': 'Getting started: {done} of {of}',
  'start.dismiss': 'Do not remind me',
  'start.recall': 'Remind me above messages',
  'start.tour': 'Show the introduction again',
  'start.done': 'Done',
  'start.open': 'Open',
  'start.people': 'Import people',
  'start.peopleText': 'The whole company at once from Excel or CSV, or one by one',
  'start.departments': 'Add departments',
  'start.departmentsText': 'An import makes them too',
  'start.heads': 'Name heads of departments',
  'start.headsText': 'Leave and other requests go to them first',
  'start.roles': 'Name a second administrator',
  'start.rolesText': 'For when one is away',
  'start.holidays': 'Check the holidays',
  'start.holidaysText': 'Days of leave and time limits follow the work calendar',
  'start.senders': 'Set up notices',
  'start.sendersText': 'WeCom, DingTalk, Feishu, mail or SMS for those who do not have the page open',
  'start.todo': 'Have a look at To do',
  'start.todoText': 'What waits for your decision',
  'start.delegate': 'Name a delegate',
  'start.delegateText': 'Who decides for you while you are away',
  'start.photo': 'Add your picture',
  'start.photoText': 'So that colleagues know you at a glance',
  'start.install': 'Put it on your home screen',
  'start.installText': 'Opens like an app, also without a network',
  'start.channel': 'Choose how to be told',
  'start.channelText': 'Important messages reach you while the page is closed',
  'start.message': 'Write your first message',
  'start.messageText': 'Say hello to a colleague',
  'start.approval': 'Submit your first request',
  'start.approvalText': 'Leave or expenses; it can be withdrawn',

  'help.search': 'What is it about? For example: leave, no notices, new phone',
  'help.none': 'No answer found',
  'help.noneHint': 'Try other words, or ask your administrator.',
  'help.found': '{count} answer | {count} answers',
  'help.go': 'Take me there',
  'help.contact': 'Not solved? Ask your administrator',
  'help.contactNobody': 'Please ask your company’s administrator.',
  'help.keys': 'Keyboard shortcuts',
  'help.keySearch': 'Search and jump',
  'help.keySend': 'Send a message',
  'help.keyLine': 'New line',
  'help.keyClose': 'Close a window, cancel',
  'help.keyArrows': 'Move in a list',
  'help.version': 'Version {release}',
};
