// English. "one | other" are two forms, chosen by {count}; see translate.ts.
import type { Catalogue } from '../keys';
import admin from './admin';
import approval from './approval';
import approvalErrors from './approvalErrors';
import baseErrors from './baseErrors';
import chat from './chat';
import chatErrors from './chatErrors';
import desk from './desk';
import directory from './directory';
import error from './error';
import guests from './guests';
import guide from './guide';
import me from './me';
import notices from './notices';
import privacy from './privacy';
import rights from './rights';
import search from './search';
import shell from './shell';
import todo from './todo';

const en: Catalogue = {
  ...shell,
  ...chat,
  ...chatErrors,
  ...approvalErrors,
  ...directory,
  ...admin,
  ...me,
  ...error,
  ...baseErrors,
  ...approval,
  ...todo,
  ...desk,
  ...guests,
  ...guide,
  ...rights,
  ...privacy,
  ...search,
  ...notices,
};

export default en;
