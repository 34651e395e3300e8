// The catalogue in Chinese is the list of keys; every other language must have the same.
import zh from './zh-CN';

export type Key = keyof typeof zh;
export type Catalogue = Record<Key, string>;

export const hasKey = (key: string): key is Key => Object.hasOwn(zh, key);
