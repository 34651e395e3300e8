// Files, calendar, notices: what the server refuses.
import type zh from '../zh-CN/baseErrors';

const baseErrors: Record<keyof typeof zh, string> = {
  'error.address_invalid': 'This address cannot be; check it',
  'error.address_refused': 'Address {address} may not be called; ask the platform to list it',
  'error.browsers_none': 'No browser takes notices yet; turn them on here first',
  'error.browsers_too_many': 'At most {max} browsers can take notices',
  'error.calendar_without_work':
    'The calendar has not enough working time within {days} days; ask an administrator',
  'error.channel_closed': 'The company has not opened this way',
  'error.channel_failed': 'The test did not go out; check the address, or ask an administrator',
  'error.code_too_soon': 'A code was sent a moment ago; try again in {minutes} minutes',
  'error.code_wrong': 'This code is wrong or too old; test again',
  'error.day_unknown': 'There is no such day',
  'error.file_damaged': 'The file was damaged on its way; send it again',
  'error.file_kind_unknown': 'Files cannot be added here',
  'error.file_type_refused': 'Files of this type cannot be added here',
  'error.files_waiting': '{max} files are not sent yet; send them first, or try again later',
  'error.hours_invalid': 'These working hours cannot be: put them in order, without overlaps',
  'error.not_your_own': 'Only what is your own can be deleted',
  'error.object_unknown': 'There is no such thing, or you may not see it',
  'error.offset_other': 'The upload stands elsewhere; try again',
  'error.outbound_paused': 'Notices to the outside are paused for the company',
  'error.part_cut_off': 'The upload was cut off; try again',
  'error.part_malformed': 'The upload cannot be read; try again',
  'error.part_size_wrong': 'This part of the upload has another size; try again',
  'error.seal_key_missing':
    'Passwords and secrets cannot be kept now: the platform has given the company no key to seal them with; ask its staff',
  'error.data_restored':
    'The company’s data was restored to an earlier moment: look whether this still fits, then try again or discard it',
  'error.seal_key_wrong': 'The password or secret that was kept cannot be read; please type it in again',
  'error.secret_too_short':
    'A secret has at least {min} characters; with another address it is typed in again',
  'error.sender_invalid': 'These settings cannot be; check them',
  'error.subscription_invalid': 'The push address of this browser cannot be',
};

export default baseErrors;
