// Line icons of one weight. They say nothing by themselves: the control that holds one has a label.
import type { ReactNode } from 'react';

const shapes = {
  people: (
    <path d="M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5c.4-3.3 3-5.5 6.5-5.5s6.1 2.2 6.5 5.5M16 11.2a3 3 0 1 0-.8-5.9M17.5 14.3c2.3.5 3.8 2.3 4 5.2" />
  ),
  person: <path d="M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.5-3.8 3.5-6 7.5-6s7 2.2 7.5 6" />,
  settings: <path d="M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5" />,
  search: <path d="M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20 20l-4-4" />,
  right: <path d="m9 5 7 7-7 7" />,
  down: <path d="m5 9 7 7 7-7" />,
  left: <path d="m15 5-7 7 7 7" />,
  phone: (
    <path d="M5 4h3.5l1.8 4.5-2.3 1.6a12 12 0 0 0 5.9 5.9l1.6-2.3L20 15.5V19a1.5 1.5 0 0 1-1.6 1.5C10.7 20 4 13.3 3.5 5.6A1.5 1.5 0 0 1 5 4Z" />
  ),
  mail: (
    <path d="M4 5.5h16a.5.5 0 0 1 .5.5v12a.5.5 0 0 1-.5.5H4a.5.5 0 0 1-.5-.5V6a.5.5 0 0 1 .5-.5Zm0 1 8 6.5 8-6.5" />
  ),
  copy: <path d="M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4" />,
  check: <path d="m4.5 12.5 5 5 10-11" />,
  close: <path d="m6 6 12 12M18 6 6 18" />,
  plus: <path d="M12 5v14M5 12h14" />,
  edit: <path d="M4 20l1-4.5L16.5 4 20 7.5 8.5 19 4 20ZM14 6.5l3.5 3.5" />,
  more: <path d="M5 12h.01M12 12h.01M19 12h.01" strokeWidth="2.6" />,
  building: <path d="M4 20.5h16M6 20.5v-16h8v16M14 9.5h4v11M9 8h2M9 12h2M9 16h2" />,
  briefcase: <path d="M4 8h16v11.5H4zM9 8V5h6v3M4 13h16" />,
  upload: <path d="M12 16V5M7.5 9.5 12 5l4.5 4.5M4.5 16v3.5h15V16" />,
  download: <path d="M12 5v11M7.5 11.5 12 16l4.5-4.5M4.5 16v3.5h15V16" />,
  device: <path d="M4 5h16v11H4zM9 20h6M12 16v4" />,
  mobile: <path d="M7.5 3.5h9v17h-9zM11 17.5h2" />,
  key: <path d="M8 15.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 11.5h9v3M17 11.5v3" />,
  palette: <path d="M12 3.5a8.5 8.5 0 0 0 0 17V3.5ZM12 3.5a8.5 8.5 0 0 1 0 17" />,
  language: (
    <path d="M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM3.5 12h17M12 3.5c2.3 2.3 3.5 5.2 3.5 8.5s-1.2 6.2-3.5 8.5c-2.3-2.3-3.5-5.2-3.5-8.5s1.2-6.2 3.5-8.5Z" />
  ),
  info: <path d="M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 11v5M12 8h.01" />,
  exit: <path d="M14 4.5H5v15h9M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5" />,
  link: (
    <path d="M10 14a4 4 0 0 0 5.7 0l3.3-3.3a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0L5 13.3A4 4 0 0 0 10.7 19l1.3-1.3" />
  ),
  up: <path d="M12 19V5M6 11l6-6 6 6" />,
  downward: <path d="M12 5v14M6 13l6 6 6-6" />,
  trash: <path d="M4.5 6.5h15M9 6.5v-3h6v3M6.5 6.5l1 14h9l1-14M10 10.5v6M14 10.5v6" />,
  move: <path d="M4 6.5h6l2 2.5h8v10.5H4zM9.5 14h6M13 11.5l2.5 2.5-2.5 2.5" />,
  shield: <path d="M12 3.5 5 6v6c0 4 2.8 7 7 8.5 4.2-1.5 7-4.5 7-8.5V6zM8.8 12l2.4 2.4 4-4.4" />,
  help: (
    <path d="M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM9.6 9.6a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.8M12 16.5h.01" />
  ),
  star: <path d="m12 4 2.4 5.2 5.6.7-4.1 3.9 1.1 5.7L12 16.7 7 19.5l1.1-5.7L4 9.9l5.6-.7Z" />,
  offline: (
    <path d="M4 4l16 16M8.5 15.5a5 5 0 0 1 6-.8M5 12a10 10 0 0 1 4-2.3M19 12a10 10 0 0 0-5.5-2.7M12 19h.01M2.5 8.5A14 14 0 0 1 6 6.3M21.5 8.5A14 14 0 0 0 11 4.6" />
  ),
  alert: <path d="M12 4 2.8 19.5h18.4L12 4ZM12 10v4.5M12 17h.01" />,
  lock: <path d="M5.5 10.5h13v10h-13zM8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3" />,
  camera: <path d="M3.5 7.5h4L9 5h6l1.5 2.5h4v12h-17zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z" />,
  refresh: <path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5v4h-4" />,
  chat: <path d="M4 5h16v11.5h-9L6.5 20v-3.5H4zM8.5 9.5h7M8.5 12.5h4.5" />,
  clock: <path d="M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2" />,
  folder: <path d="M3.5 6h6l2 2.5h9v10h-17z" />,
  bell: <path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15L6 16.5ZM10 20.5h4" />,
  muted: <path d="M4 4l16 16M8 6.5A6 6 0 0 1 18 11v3.5M6 10.5v6L4.5 18H16M10 20.5h4" />,
  send: <path d="M4 12 20 4.5 15.5 20l-3.5-6.5L4 12ZM12 13.5l3.5-4" />,
  smile: (
    <path d="M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8.5 14c.8 1.4 2 2 3.5 2s2.7-.6 3.5-2M9 9.5h.01M15 9.5h.01" />
  ),
  picture: <path d="M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15 9.5h.01" />,
  clip: <path d="m8 12.5 5.8-5.8a3 3 0 0 1 4.2 4.2l-7.5 7.5a5 5 0 0 1-7-7L10.5 4.5" />,
  mic: (
    <path d="M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  ),
  at: (
    <path d="M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM15.5 8.5V13a2.5 2.5 0 0 0 5 0v-1a8.5 8.5 0 1 0-3.5 6.9" />
  ),
  reply: <path d="M9.5 6 4 11.5 9.5 17M4.5 11.5H14a6 6 0 0 1 6 6V19" />,
  forward: <path d="m14.5 6 5.5 5.5-5.5 5.5M19.5 11.5H10a6 6 0 0 0-6 6V19" />,
  undo: <path d="M8 5 4 9l4 4M4.5 9H15a5 5 0 0 1 0 10h-4" />,
  thread: <path d="M4 5h12v8H9l-3 3v-3H4zM16 9h4v8h-2v3l-3-3h-4v-2" />,
  pin: <path d="M9 4h6l-.5 6 3 3.5h-11L9.5 10zM12 13.5V20" />,
  urgent: <path d="M13 3 5 13.5h6L10.5 21 19 10h-6.5Z" />,
  receipt: <path d="M6 3.5h12v17l-3-2-3 2-3-2-3 2zM9 9.5l2 2 4-4" />,
  file: <path d="M6.5 3.5h7l4.5 4.5v12.5h-11.5zM13.5 3.5V8H18" />,
  printer: <path d="M7 9V3.5h10V9M7 17H4V9h16v8h-3M7 14h10v6.5H7z" />,
  play: <path d="M8 5.5v13l10.5-6.5z" />,
  stop: <path d="M7 7h10v10H7z" />,
  select: <path d="M4 6.5h9M4 12h7M4 17.5h6M14 15l2.5 2.5L21 13" />,
  megaphone: <path d="M4 10v4h3l9 4.5v-13L7 10H4ZM19 10v4M8 14l1 5.5h2.5L11 15.5" />,
  sync: (
    <path d="M5 9a7.5 7.5 0 0 1 13-2.5L20 9M20 4.5V9h-4.5M19 15a7.5 7.5 0 0 1-13 2.5L4 15M4 19.5V15h4.5" />
  ),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      style={{ flex: 'none' }}
    >
      {shapes[name]}
    </svg>
  );
}
