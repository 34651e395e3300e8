// The places of the app that one can jump to. Only what works is listed.
import type { Key } from '../i18n';
import type { IconName } from '../ui/Icon';

export type Place = { path: string; label: Key; icon: IconName; admin?: boolean };

export const places: Place[] = [
  { path: '/chat', label: 'nav.chat', icon: 'chat' },
  { path: '/directory', label: 'nav.directory', icon: 'people' },
  { path: '/admin', label: 'nav.admin', icon: 'settings', admin: true },
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

/** What can be begun from anywhere. */
export const beginnings: Place[] = [
  { path: '/chat?new=1', label: 'chat.new', icon: 'chat' },
  { path: '/chat/self', label: 'chat.selfTitle', icon: 'folder' },
];

export const visibleTo = (admin: boolean) => (place: Place) => admin || !place.admin;
