// The places of the app that one can jump to. Only what works is listed.
import type { Key } from '../i18n';
import type { IconName } from '../ui/Icon';

/** wide: with a rail beside the page; a phone has it in 工作台. */
export type Place = { path: string; label: Key; icon: IconName; admin?: boolean; wide?: boolean };

export const places: Place[] = [
  { path: '/chat', label: 'nav.chat', icon: 'chat' },
  { path: '/todo', label: 'nav.todo', icon: 'check' },
  { path: '/work', label: 'nav.work', icon: 'briefcase' },
  { path: '/directory', label: 'nav.directory', icon: 'people', wide: true },
  { path: '/admin', label: 'nav.admin', icon: 'settings', admin: true, wide: true },
  { path: '/me', label: 'nav.me', icon: 'person' },
];

export const adminPlaces: Place[] = [
  { path: '/admin/people', label: 'admin.people', icon: 'people', admin: true },
  { path: '/admin/departments', label: 'admin.departments', icon: 'building', admin: true },
  { path: '/admin/positions', label: 'admin.positions', icon: 'briefcase', admin: true },
  { path: '/admin/import', label: 'admin.import', icon: 'upload', admin: true },
];

export const mePlaces: Place[] = [
  { path: '/me/profile', label: 'me.profile', icon: 'person' },
  { path: '/me/appearance', label: 'me.appearance', icon: 'palette' },
  { path: '/me/devices', label: 'me.devices', icon: 'device' },
  { path: '/me/outbox', label: 'me.outbox', icon: 'sync' },
  { path: '/me/password', label: 'me.password', icon: 'key' },
  { path: '/me/about', label: 'me.about', icon: 'info' },
];

/** 工作台. */
export const workPlaces: Place[] = [
  { path: '/work/start', label: 'approval.start', icon: 'plus' },
  { path: '/work/mine', label: 'approval.mine', icon: 'send' },
  { path: '/work/decided', label: 'approval.decided', icon: 'check' },
  { path: '/work/cc', label: 'approval.cced', icon: 'copy' },
  { path: '/work/drafts', label: 'approval.drafts', icon: 'edit' },
];

/** What can be begun from anywhere. */
export const beginnings: Place[] = [
  { path: '/chat?new=1', label: 'chat.new', icon: 'chat' },
  { path: '/work/new/leave', label: 'approval.leave', icon: 'clock' },
  { path: '/work/new/expense', label: 'approval.expense', icon: 'receipt' },
  { path: '/chat/self', label: 'chat.selfTitle', icon: 'folder' },
];

export const visibleTo = (admin: boolean) => (place: Place) => admin || !place.admin;
