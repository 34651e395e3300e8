import type zh from '../zh-CN/me';

const me: Record<keyof typeof zh, string> = {
  'me.profile': 'Profile',
  'me.appearance': 'Look and language',
  'me.devices': 'Devices',
  'me.outbox': 'Waiting to be sent',
  'me.password': 'Password',
  'me.about': 'About',
  'me.signOut': 'Sign out',
  'me.signOutText': 'What this device kept of directory and chat is removed.',
  'me.profileHint': 'Your administrators keep this up to date; tell them if something is wrong.',
  'me.profileAdmin': 'You are an administrator and can change this on your card.',
  'me.myCard': 'My card',
  'me.scheme': 'Colours',
  'me.light': 'Light',
  'me.dark': 'Dark',
  'me.auto': 'As the system',
  'me.schemeHint': 'For this device only.',
  'me.language': 'Language',

  'devices.hint': 'End any device that you do not know, and change your password.',
  'devices.current': 'This device',
  'devices.seen': 'Last used {at}',
  'devices.shared': 'Shared computer',
  'devices.unknown': 'Unknown device',
  'devices.end': 'Sign out',
  'devices.endText': 'That device has to sign in again.',
  'devices.endOthers': 'Sign out all other devices',
  'devices.endOthersText':
    'The other device has to sign in again. | The other {count} devices have to sign in again.',
  'devices.ended': 'Signed out',

  'password.hint': 'Your other devices will have to sign in again.',
  'password.current': 'Current password',
  'password.new': 'New password',
  'password.rule': 'At least 10 characters; a sentence is better than a word.',
  'password.again': 'New password again',
  'password.change': 'Change password',
  'password.changed': 'Password changed',
  'password.show': 'Show or hide the password',

  'about.product': 'Atrium Office',
  'about.line': 'A company’s directory and office',
  'about.company': 'Company',
  'about.version': 'Version',
  'about.serverVersion': 'Server version',
  'about.timezone': 'Time zone',
};

export default me;
