import { expect, it } from 'vitest';
import { describeAgent } from './agent';

it.each([
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0',
    'Windows Edge desk',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1',
    'iPhone Safari mobile',
  ],
  [
    'Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 Chrome/114.0 HuaweiBrowser/15.0 Mobile Safari/537.36',
    'HarmonyOS Huawei mobile',
  ],
  [
    'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0',
    'Android WeChat mobile',
  ],
  ['curl/8.0', '  desk'],
])('calls %s what a person would', (userAgent, expected) => {
  const { browser, system, mobile } = describeAgent(userAgent);
  expect(`${system} ${browser} ${mobile ? 'mobile' : 'desk'}`).toBe(expected);
});
