// Asks for what the first route needs before the rest of the page's script has been read: on a phone that takes half a
// second, in which the network would be idle.
import { askEarly } from '../api/early';
import { pages } from './pages';

const begins: Record<string, string> = { todo: '/api/v1/todo?limit=50', chat: '/api/v1/rooms?limit=100' };

const first = location.pathname.split('/')[1] || 'chat';
if (first in pages) void pages[first as keyof typeof pages]().catch(() => undefined);
askEarly('/api/v1/me');
const data = begins[first];
if (data) askEarly(data);
