import type { Question } from './model';

const questions: Question[] = [
  {
    id: 'leave',
    ask: 'How do I ask for leave?',
    words: 'leave holiday vacation sick annual day off request',
    answer: [
      'Open Work, choose Leave, pick its kind and time, write why, and press Submit. On a phone the ＋ in the middle does it too.',
      'Days follow the company’s work calendar: weekends and holidays do not count. Before you submit you see who will decide.',
    ],
    to: '/work/new/leave',
  },
  {
    id: 'expense',
    ask: 'How do I claim expenses and add invoices?',
    words: 'expense invoice receipt cost travel attachment',
    answer: [
      'Open Work, choose Expense and fill in the rows; the sum is made for you.',
      'Add photos or PDFs of the invoices with Add file. What is not finished can be kept as a draft.',
    ],
    to: '/work/new/expense',
  },
  {
    id: 'progress',
    ask: 'How far is my request?',
    words: 'progress approval nudge wait flow',
    answer: [
      'Open Work › Sent by me and choose it: the time line tells who decided, whom it waits for and since when.',
      'If it takes long, nudge them, at most once in ten minutes.',
    ],
    to: '/work/mine',
  },
  {
    id: 'withdraw',
    ask: 'My request was wrong. Can I take it back?',
    words: 'withdraw cancel change void wrong mistake',
    answer: [
      'Yes. Open a request that is not finished and withdraw it, then mend it and submit it again.',
      'One that has passed cannot be withdrawn: make it void, or ask who decided.',
    ],
    to: '/work/mine',
  },
  {
    id: 'returned',
    ask: 'My request came back. What now?',
    words: 'returned rejected mend submit again',
    answer: [
      'It is in To do. Read why it came back, choose Mend and submit it again.',
      'Who returned it can have it come straight back to them; those before need not decide again.',
    ],
    to: '/todo',
  },
  {
    id: 'approve',
    ask: 'How do I decide on a request?',
    words: 'approve agree refuse reject return transfer decide boss',
    answer: [
      'Open it in To do and choose at the bottom, or use its card in Chat › Approvals.',
      'The next one follows by itself. What is not yours to decide can be handed on.',
    ],
    to: '/todo',
  },
  {
    id: 'recall',
    ask: 'How do I take back a message?',
    words: 'recall delete wrong edit change message',
    answer: [
      'Press long on it (on a computer: More beside it) and choose Recall, within a day. The server keeps nothing of it.',
      'For a slip of the pen choose Edit; others see that it was edited.',
    ],
    to: '/chat',
  },
  {
    id: 'receipt',
    ask: 'What is “Received”? How do I know who has read it?',
    words: 'received receipt read unread nudge working done',
    answer: [
      'Where somebody asks for receipts, Received, Working and Done stand below the message. One tap is enough.',
      'Below your own messages you see how many have read them; open it for the names, and nudge those who have not answered.',
    ],
    to: '/chat',
  },
  {
    id: 'group',
    ask: 'How do I start a group or find somebody?',
    words: 'group room find people directory colleague phone',
    answer: [
      'Press ＋ at the top of Chat and choose people: one for a direct talk, several for a group.',
      'People are found by name, pinyin or initials, for example zhangwei or zw.',
    ],
    to: '/chat?new=1',
  },
  {
    id: 'file',
    ask: 'How do I send files? Where are the old ones?',
    words: 'file picture photo upload download attachment',
    answer: [
      'Use File or Picture beside the input; screenshots can be pasted. What was sent is in the room’s details.',
      'Between your own devices use the room with yourself.',
    ],
    to: '/chat/self',
  },
  {
    id: 'urgent',
    ask: 'What is an urgent message?',
    words: 'urgent confirm acknowledge call sms',
    answer: [
      'It stays on top until you press I have seen it. If you do not, you are called in the other ways that you set up.',
    ],
  },
  {
    id: 'offline',
    ask: 'Does it work without a network?',
    words: 'offline network signal lift underground',
    answer: [
      'Yes. What you have seen is there. What you write, submit or decide is kept on the phone, sent once you are connected, and arrives once.',
      'Please do not sign out or clear the browser’s data before it is sent.',
    ],
    to: '/me/outbox',
  },
  {
    id: 'sync',
    ask: 'Something waits to be sent, or was refused. What now?',
    words: 'sync failed waiting not sent error red',
    answer: [
      'Open Me › Waiting to be sent: each entry says why. Network trouble heals itself; what was refused can be mended and sent again, copied or given up.',
      'If it says that your session ended, sign in again and it goes on.',
    ],
    to: '/me/outbox',
  },
  {
    id: 'notices',
    ask: 'I get no notices. What can I do?',
    words: 'notice notification push reminder sound sms wecom dingtalk feishu',
    answer: [
      'Open Me › Notices, add a way and test it: it counts once the code came through. Android phones in mainland China mostly get no push from browsers; use WeCom, DingTalk, Feishu, mail or SMS.',
      'In quiet hours (22:00 to 8:00 unless changed) only urgent messages call you.',
    ],
    to: '/me/notices',
  },
  {
    id: 'install',
    ask: 'How do I put it on my home screen?',
    words: 'home screen install download app iphone android icon',
    answer: [
      'iPhone: open it in Safari, press Share, choose Add to Home Screen.',
      'Android: open it in the browser, open the menu, choose Add to Home screen or Install app. Inside WeChat first choose Open in browser at the top right.',
      'There is nothing to download from a store.',
    ],
  },
  {
    id: 'phone',
    ask: 'I have a new phone. What now?',
    words: 'new phone lost old device',
    answer: [
      'Sign in on it with the same phone number (or staff number, or mail) and password. Your messages and to-dos are there.',
      'End the old one under Me › Devices. Do the same for a lost phone, and change your password.',
    ],
    to: '/me/devices',
  },
  {
    id: 'password',
    ask: 'I forgot my password. How do I change it?',
    words: 'password forgot sign in code reset locked',
    answer: [
      'Forgotten: ask your administrator for a code, enter it from the sign-in page and choose a new password.',
      'Otherwise: Me › Password. After many wrong tries it is locked for some minutes.',
    ],
    to: '/me/password',
  },
  {
    id: 'profile',
    ask: 'My number, department or name is wrong',
    words: 'profile phone name department position picture correct',
    answer: [
      'You change your picture under Me › Profile. Name, number, department and position are kept by your company: ask your administrator. A new number is also the one that you sign in with.',
    ],
    to: '/me/profile',
  },
  {
    id: 'guests',
    ask: 'How do I work with customers and suppliers?',
    words: 'guest customer supplier invite contact external',
    answer: [
      'Add them under Me › External people and send them the link or QR code. You are their contact: they write to you and see what you give them.',
      'Guests carry a badge, and their access ends by itself; you can extend it.',
    ],
    to: '/me/guests',
  },
  {
    id: 'left',
    ask: 'I am leaving. What about my guests?',
    words: 'leave company move handover contact successor',
    answer: [
      'Hand each of them to a colleague under Me › External people. Until then the administrator who closes your account is told.',
    ],
    to: '/me/guests',
  },
  {
    id: 'away',
    ask: 'Who decides while I am away?',
    words: 'delegate delegation away travel holiday',
    answer: [
      'Choose a colleague and the days under Me › Delegation: what reaches you in that time is decided by them, and the record says so.',
    ],
    to: '/me/delegation',
  },
  {
    id: 'shared',
    ask: 'How do I sign in safely on a shared computer?',
    words: 'shared public computer safe sign out',
    answer: [
      'Tick “This is a shared computer”: it signs out when the browser closes or after eight hours. Sign out when you are done all the same.',
      'Signing out removes what that computer kept.',
    ],
    to: '/me/devices',
  },
  {
    id: 'see',
    ask: 'What do others see of me? Can administrators read messages?',
    words: 'privacy rights messages administrator phone secret',
    answer: [
      'Your company decides what the directory shows and can hide fields. What is written in a room is seen by its members, not by administrators.',
      'What is kept and for how long is written under Me › About › Privacy policy.',
    ],
    to: '/me/about',
  },
  {
    id: 'consent',
    ask: 'What did I agree to? Can I take it back?',
    words: 'consent agreement privacy withdraw personal information',
    answer: [
      'See Me › About › Privacy and consent, where you can withdraw too. You are signed out everywhere then, until you agree again.',
    ],
    to: '/me/about',
  },
  {
    id: 'language',
    ask: 'How do I switch to dark or Chinese? The text is small',
    words: 'dark night chinese language font size look',
    answer: [
      'Under Me › Look and language. The size of the text follows your phone or browser; twice as large works too.',
    ],
    to: '/me/appearance',
  },
  {
    id: 'slow',
    ask: 'A page does not open or is slow',
    words: 'slow hang blank reload update version browser',
    answer: [
      'Look at the network first, then press Reload under Me › About. When a new version is ready, use it.',
      'Old browsers fail too: use a Chrome, Edge or Safari of the last two years. If it stays, tell your administrator the request id that the page shows.',
    ],
    to: '/me/about',
  },
  {
    id: 'search',
    ask: 'How do I find old messages and files?',
    words: 'search find history file approval',
    answer: [
      'Press Ctrl K, or search on the phone: one or two characters are enough. Messages, names of files, approvals and people are found, and only what you may see.',
    ],
  },
];

export default questions;
