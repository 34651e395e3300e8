// Cuts a text into plain parts, links and mentions.
import zh from '../../i18n/zh-CN/chat';

export type Piece = { kind: 'text' | 'link' | 'mention'; text: string; at: number; person?: string };

/** Names for everyone, in each language of the page. */
export const everyone = [zh['chat.everyone'], 'all'] as const;

const link = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]+[^\s<>"'\u3000-\u303f\uff00-\uffef.,;:!?)\]]/g;
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function mentionPattern(names: string[]): RegExp | undefined {
  if (names.length === 0) return undefined;
  // Longer names first: one may begin with another.
  const sorted = [...names].sort((a, b) => b.length - a.length).map(literally);
  return new RegExp(`@(${sorted.join('|')})`, 'g');
}

/** The pieces in order; at is where each starts. */
export function piecesOf(text: string, mentions: { id: string; name: string }[], all: boolean): Piece[] {
  const found: Piece[] = [];
  for (const match of text.matchAll(link)) found.push({ kind: 'link', text: match[0], at: match.index });
  const ids = new Map(mentions.map((m) => [m.name, m.id]));
  if (all) for (const name of everyone) ids.set(name, 'all');
  const pattern = mentionPattern([...ids.keys()]);
  if (pattern) {
    for (const match of text.matchAll(pattern)) {
      const inside = found.some((p) => match.index >= p.at && match.index < p.at + p.text.length);
      const person = ids.get(match[1] ?? '');
      if (!inside && person) found.push({ kind: 'mention', text: match[0], at: match.index, person });
    }
  }
  found.sort((a, b) => a.at - b.at);
  const pieces: Piece[] = [];
  let done = 0;
  for (const piece of found) {
    if (piece.at > done) pieces.push({ kind: 'text', text: text.slice(done, piece.at), at: done });
    pieces.push(piece);
    done = piece.at + piece.text.length;
  }
  if (done < text.length) pieces.push({ kind: 'text', text: text.slice(done), at: done });
  return pieces;
}
