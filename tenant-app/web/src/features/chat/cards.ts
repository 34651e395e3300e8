// Cards that other modules show inside a chat: a line for each kind, loaded when one is seen.
import type { ComponentType } from 'react';
import type { Card } from './model';

export type CardView = ComponentType<{ card: Card }>;

export const cards: Record<string, () => Promise<{ default: CardView }>> = {
  approval: () => import('../approval/Card'),
  suggestion: () => import('../desk/Card'),
};
