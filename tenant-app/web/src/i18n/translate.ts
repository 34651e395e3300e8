// From a key and values to a sentence.
import type { Catalogue, Key } from './keys';

export type Lang = 'zh-CN' | 'en';
export type Translate = (key: Key, params?: Record<string, unknown>) => string;

/**
 * Fills {name} with params.name. A message of two forms, "one | other", is chosen by
 * params.count in the plural rules of the language.
 */
export function translator(lang: Lang, catalogue: Catalogue): Translate {
  const plural = new Intl.PluralRules(lang);
  const number = new Intl.NumberFormat(lang);
  return (key, params = {}) => {
    const [one, other] = catalogue[key].split(' | ');
    const form = other !== undefined && plural.select(Number(params.count)) !== 'one' ? other : one;
    return (form ?? '').replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = params[name];
      return typeof value === 'number' ? number.format(value) : String(value ?? '');
    });
  };
}
