import { useEffect } from 'react';
import { useMe } from '../app/session';

let unread = 0;
let name = document.title;

const show = () => {
  document.title = unread > 0 ? `(${unread > 99 ? '99+' : unread}) ${name}` : name;
};

/** In front of the title: how much waits. */
export function showUnread(count: number) {
  unread = count;
  show();
}

/** Names the page in the browser's tab: 通讯录 · 云杉科技. */
export function useTitle(page: string) {
  const { company } = useMe();
  useEffect(() => {
    name = `${page} · ${company}`;
    show();
  }, [page, company]);
}
