import type zh from '../zh-CN/search';

const search: Record<keyof typeof zh, string> = {
  'search.field': 'Search messages, approvals, files and people',
  'search.hint': 'Search messages, approvals, files, people',
  'search.kinds': 'Where to search',
  'search.all': 'All',
  'search.messages': 'Messages',
  'search.approvals': 'Approvals',
  'search.files': 'Files',
  'search.people': 'People',
  'search.contents': 'Contents',
  'search.count': '{count} result shown | {count} results shown',
  'search.more': 'Earlier results',
  'search.nothing': 'Nothing found for “{q}”',
  'search.nothingHint':
    'Try another word, or fewer letters. Several words with spaces between them must all be there.',
  'search.everywhere': 'Search everywhere',
  'search.begin': 'What are you looking for?',
  'search.beginHint':
    'What was said in chats, names of files, numbers and summaries of approvals, and colleagues by name or pinyin.',
  'search.recent': 'Recent searches',
  'search.forget': 'Clear',
  'search.inAll': 'Find “{q}” in messages, approvals and files',
  'search.seeAll': 'See all results for “{q}”',
};

export default search;
