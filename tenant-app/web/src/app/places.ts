// The places of the app that one can jump to. Only what works is listed.
import type { Key } from '../i18n';
import type { IconName } from '../ui/Icon';

/**
 * rights: any one of them opens the place; absent: everyone.
 * wide: with a rail beside the page; a phone has it in 工作台, or among the tabs of who has no 工作台.
 */
export type Place = { path: string; label: Key; icon: IconName; rights?: string[]; wide?: boolean };

export const places: Place[] = [
  { path: '/chat', label: 'nav.chat', icon: 'chat' },
  { path: '/todo', label: 'nav.todo', icon: 'check', rights: ['approval.submit'] },
  { path: '/work', label: 'nav.work', icon: 'briefcase', rights: ['approval.submit'] },
  { path: '/directory', label: 'nav.directory', icon: 'people', wide: true },
  {
    path: '/admin',
    label: 'nav.admin',
    icon: 'settings',
    rights: ['directory.manage', 'rights.read', 'privacy.read', 'notice.manage', 'desk.manage'],
    wide: true,
  },
  { path: '/me', label: 'nav.me', icon: 'person' },
];

export const adminPlaces: Place[] = [
  { path: '/admin/people', label: 'admin.people', icon: 'people', rights: ['directory.manage'] },
  { path: '/admin/departments', label: 'admin.departments', icon: 'building', rights: ['directory.manage'] },
  { path: '/admin/positions', label: 'admin.positions', icon: 'briefcase', rights: ['directory.manage'] },
  { path: '/admin/import', label: 'admin.import', icon: 'upload', rights: ['directory.manage'] },
  { path: '/admin/roles', label: 'admin.roles', icon: 'key', rights: ['rights.read'] },
  { path: '/admin/consents', label: 'admin.consents', icon: 'shield', rights: ['privacy.read'] },
  { path: '/admin/notices', label: 'admin.notices', icon: 'bell', rights: ['notice.manage'] },
  { path: '/admin/desk', label: 'desk.box', icon: 'mail', rights: ['desk.manage'] },
  { path: '/admin/explain', label: 'admin.explain', icon: 'search', rights: ['rights.read'] },
];

export const mePlaces: Place[] = [
  { path: '/me/profile', label: 'me.profile', icon: 'person' },
  { path: '/me/notices', label: 'me.notices', icon: 'bell' },
  { path: '/me/guests', label: 'me.guests', icon: 'people', rights: ['guest.invite'] },
  { path: '/me/delegation', label: 'delegation.title', icon: 'forward', rights: ['approval.submit'] },
  { path: '/me/appearance', label: 'me.appearance', icon: 'palette' },
  { path: '/me/devices', label: 'me.devices', icon: 'device' },
  { path: '/me/outbox', label: 'me.outbox', icon: 'sync' },
  { path: '/me/password', label: 'me.password', icon: 'key' },
  { path: '/me/start', label: 'me.start', icon: 'select' },
  { path: '/me/help', label: 'me.help', icon: 'help' },
  { path: '/me/about', label: 'me.about', icon: 'info' },
];

/** 工作台. */
export const workPlaces: Place[] = [
  { path: '/work/start', label: 'approval.start', icon: 'plus' },
  { path: '/work/mine', label: 'approval.mine', icon: 'send' },
  { path: '/work/decided', label: 'approval.decided', icon: 'check' },
  { path: '/work/cc', label: 'approval.cced', icon: 'copy' },
  { path: '/work/drafts', label: 'approval.drafts', icon: 'edit' },
  { path: '/work/suggestions', label: 'desk.box', icon: 'mail', rights: ['desk.submit'] },
];

/** What can be begun from anywhere. */
export const beginnings: Place[] = [
  { path: '/chat?new=1', label: 'chat.new', icon: 'chat' },
  { path: '/work/new/leave', label: 'approval.leave', icon: 'clock', rights: ['approval.submit'] },
  { path: '/work/new/expense', label: 'approval.expense', icon: 'receipt', rights: ['approval.submit'] },
  { path: '/work/suggest/new', label: 'desk.new', icon: 'mail', rights: ['desk.submit'] },
  { path: '/chat/self', label: 'chat.selfTitle', icon: 'folder' },
];

export const visibleTo = (held: string[]) => (place: Place) =>
  !place.rights || place.rights.some((right) => held.includes(right));

/** Those of the rail, or of a phone's tabs. */
export function tabsFor(held: string[], phone: boolean): Place[] {
  const mine = places.filter(visibleTo(held));
  return phone && mine.some((p) => p.path === '/work') ? mine.filter((p) => !p.wide) : mine;
}
