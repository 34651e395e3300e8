// Sentences of chat that are put together from a state.
import type { Lang, Translate } from '../../i18n';
import { formatList } from '../../i18n/format';
import { hasKey } from '../../i18n/keys';
import type { Room, SystemEvent } from './model';
import type { Said } from './rows';
import type { When } from './time';

/** One line for what was said: the text, or what else it is. */
export function lineOf(said: Said, t: Translate): string {
  if (said.recalled) return t('chat.recalled');
  switch (said.kind) {
    case 'picture':
      return t('chat.line.picture');
    case 'file':
      return t('chat.line.file', { name: said.fileName ?? said.text });
    case 'voice':
      return t('chat.line.voice', { text: said.text });
    case 'forward':
      return t('chat.line.forward', { text: said.text });
    case 'card':
      return t('chat.line.card', { text: said.text });
    default:
      return said.text;
  }
}

export function whenText({ kind, text }: When, t: Translate): string {
  if (kind === 'now') return t('chat.now');
  if (kind === 'yesterday') return `${t('chat.yesterday')} ${text}`.trim();
  return text;
}

/** What a room is called; rooms with oneself and of assistants have a key for a name. */
export function roomName(room: Pick<Room, 'kind' | 'name'>, t: Translate): string {
  if (room.kind === 'self') return t('chat.selfTitle');
  const key = `chat.assistant.${room.name}`;
  return room.kind === 'assistant' && hasKey(key) ? t(key) : room.name;
}

/** 王芳邀请张伟、李娜加入 */
export function systemLine(system: SystemEvent, t: Translate, lang: Lang): string {
  const people = formatList(
    lang,
    (system.people ?? []).map((p) => p.name),
  );
  const values = { by: system.by?.name ?? '', people, name: system.name ?? '' };
  switch (system.event) {
    case 'created':
      return t('chat.system.created', values);
    case 'joined':
      return t('chat.system.joined', values);
    case 'left':
      return t('chat.system.left', values);
    case 'removed':
      return t('chat.system.removed', values);
    case 'renamed':
      return t('chat.system.renamed', values);
    case 'notice':
      return t('chat.system.notice', values);
    case 'owner':
      return t('chat.system.owner', values);
    default:
      return '';
  }
}
