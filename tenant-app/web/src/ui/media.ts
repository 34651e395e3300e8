import { useMediaQuery } from '@mantine/hooks';
import { useSyncExternalStore } from 'react';

/** Room for the tree beside the list. */
export const useWide = (): boolean =>
  useMediaQuery('(min-width: 64em)', true, { getInitialValueInEffect: false }) ?? true;

/** Tabs at the bottom instead of the rail. */
export const usePhone = (): boolean =>
  useMediaQuery('(max-width: 47.99em)', false, { getInitialValueInEffect: false }) ?? false;

function subscribe(listener: () => void) {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}

export const useOnline = (): boolean => useSyncExternalStore(subscribe, () => navigator.onLine);
