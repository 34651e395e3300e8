// The language of the page: Chinese is built in, English is loaded when chosen.
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import type { Catalogue } from './keys';
import { type Lang, type Translate, translator } from './translate';
import zh from './zh-CN';

export type { Key } from './keys';
export type { Lang, Translate } from './translate';

const storageKey = 'atrium-lang';

type Value = { lang: Lang; t: Translate; setLang: (lang: Lang) => void };

const Context = createContext<Value>({ lang: 'zh-CN', t: translator('zh-CN', zh), setLang: () => {} });

/** The language that this device remembers, if it was ever chosen. */
export function rememberedLang(): Lang | undefined {
  const kept = localStorage.getItem(storageKey);
  return kept === 'zh-CN' || kept === 'en' ? kept : undefined;
}

export async function loadCatalogue(lang: Lang): Promise<Catalogue> {
  return lang === 'en' ? (await import('./en')).default : zh;
}

export function LanguageProvider({
  first,
  children,
}: {
  first: { lang: Lang; catalogue: Catalogue };
  children: ReactNode;
}) {
  const [current, setCurrent] = useState(first);
  const setLang = useCallback(async (lang: Lang) => {
    localStorage.setItem(storageKey, lang);
    const catalogue = await loadCatalogue(lang);
    setCurrent({ lang, catalogue });
  }, []);
  useEffect(() => {
    document.documentElement.lang = current.lang;
  }, [current.lang]);
  const value = useMemo(
    () => ({ lang: current.lang, t: translator(current.lang, current.catalogue), setLang }),
    [current, setLang],
  );
  return <Context value={value}>{children}</Context>;
}

export const useLanguage = (): Value => use(Context);
export const useT = (): Translate => use(Context).t;
