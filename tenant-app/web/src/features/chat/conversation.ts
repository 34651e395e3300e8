// What the messages of a room and the composer below them share.
import { createContext, use } from 'react';
import type { Message, Room } from './model';
import type { Place } from './queries';

export type Conversation = {
  room: Room;
  place: Place;
  /** Answers a message. */
  quote: (message: Message | undefined) => void;
  /** Puts a text into the composer. */
  compose: (text: string) => void;
  /** Messages chosen to be forwarded, by id; undefined while none are being chosen. */
  selected: ReadonlyMap<string, Message> | undefined;
  select: (selected: ReadonlyMap<string, Message> | undefined) => void;
};

export const ConversationContext = createContext<Conversation | null>(null);

export function useConversation(): Conversation {
  const conversation = use(ConversationContext);
  if (!conversation) throw new Error('useConversation outside a room');
  return conversation;
}
