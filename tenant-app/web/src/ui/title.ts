import { useEffect } from 'react';
import { useMe } from '../app/session';

/** Names the page in the browser's tab: 通讯录 · 云杉科技. */
export function useTitle(page: string) {
  const { company } = useMe();
  useEffect(() => {
    document.title = `${page} · ${company}`;
  }, [page, company]);
}
