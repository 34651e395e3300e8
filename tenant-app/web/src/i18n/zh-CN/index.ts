// Chinese: the language of the product, and the list of keys. A file for each feature; {name} is filled in; see translate.ts.
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

export default {
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
