// Files, comments, calendar: what the server refuses.
import type zh from '../zh-CN/baseErrors';

const baseErrors: Record<keyof typeof zh, string> = {
  'error.calendar_without_work': 'The calendar has not enough working time within {days} days; ask an administrator',
  'error.comment_unknown': 'There is no such comment',
  'error.day_unknown': 'There is no such day',
  'error.file_damaged': 'The file was damaged on its way; send it again',
  'error.file_kind_unknown': 'Files cannot be added here',
  'error.file_type_refused': 'Files of this type cannot be added here',
  'error.files_waiting': '{max} files are not sent yet; send them first, or try again later',
  'error.hours_invalid': 'These working hours cannot be: put them in order, without overlaps',
  'error.not_your_own': 'Only what is your own can be deleted',
  'error.object_unknown': 'There is no such thing, or you may not see it',
  'error.offset_other': 'The upload stands elsewhere; try again',
  'error.part_cut_off': 'The upload was cut off; try again',
  'error.part_malformed': 'The upload cannot be read; try again',
  'error.part_size_wrong': 'This part of the upload has another size; try again',
};

export default baseErrors;
