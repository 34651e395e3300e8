import { expect, it } from 'vitest';
import { handlingOf } from './routes';

const origin = 'https://acme.example.com';
const of = (path: string, mode = 'cors', method = 'GET') =>
  handlingOf({ method, mode, url: origin + path }, origin);

it.each([
  '/login',
  '/login?next=/me',
  '/auth/first?token=x',
  '/api/v1/me',
  '/files/avatars/a/b',
  '/sw.js',
  '/sw-off.js',
])('never touches %s', (path) => {
  expect(of(path, 'navigate')).toBe('pass');
  expect(of(path)).toBe('pass');
});

it('answers pages and files, and nothing that changes or comes from elsewhere', () => {
  expect(of('/', 'navigate')).toBe('page');
  expect(of('/directory/all?person=1', 'navigate')).toBe('page');
  expect(of('/loginx', 'navigate')).toBe('page');
  expect(of('/assets/0.1.0/a/index.js')).toBe('file');
  expect(of('/icons/icon-192.png', 'navigate')).toBe('file');
  expect(of('/directory', 'navigate', 'POST')).toBe('pass');
  expect(handlingOf({ method: 'GET', mode: 'cors', url: 'https://other.example/assets/x.js' }, origin)).toBe(
    'pass',
  );
});
