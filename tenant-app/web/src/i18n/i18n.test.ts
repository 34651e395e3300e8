import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import en from './en';
import { formatDate, formatList, formatPhone, formatSize, formatTime } from './format';
import { translator } from './translate';
import zh from './zh-CN';

const source = new URL('..', import.meta.url).pathname;
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|\.d\.ts$/.test(file),
);
const han = /\p{Script=Han}/u;
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe('the catalogues', () => {
  it('have the same keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it.each(Object.keys(zh) as (keyof typeof zh)[])(
    '%s is written in both languages with the same values',
    (key) => {
      expect(zh[key].trim()).not.toBe('');
      expect(en[key].trim()).not.toBe('');
      expect(placeholders(en[key].split(' | ').at(-1) ?? '')).toEqual(placeholders(zh[key]));
      // A language is called what it calls itself; a key's cap and a colon are what they are.
      if (
        ![
          'lang.zh',
          'lang.en',
          'palette.escape',
          'import.problem',
          'chat.saidBy',
          'chat.reactions',
          'notices.comma',
        ].includes(key)
      ) {
        expect(en[key]).not.toMatch(han);
        expect(zh[key]).toMatch(han);
      }
    },
  );

  it('are joined without one feature taking the key of another', async () => {
    const folder = new URL('./zh-CN/', import.meta.url).pathname;
    const features = readdirSync(folder).filter((file) => file !== 'index.ts');
    const parts = await Promise.all(
      features.map(async (file) =>
        Object.keys((await import(`./zh-CN/${file.replace('.ts', '')}.ts`)).default),
      ),
    );
    expect(parts.flat().length).toBe(Object.keys(zh).length);
  });

  it('have no sentence that nobody says', () => {
    const code = files
      .filter((file) => !file.startsWith('i18n/'))
      .map((file) => readFileSync(join(source, file), 'utf8'))
      .join('\n');
    // Made of a part that varies: codes of the server, outcomes, columns, questions.
    const varying =
      /^(error|row|column|outcome|import|manage|role|scope|field|kind|grantee|right|guests\.kind|chat\.state|chat\.tab|chat\.assistant|notices\.(kind|why|address)|senders)\./;
    const unused = Object.keys(zh).filter(
      (key) => !varying.test(key) && !code.includes(`'${key}'`) && !code.includes(`"${key}"`),
    );
    expect(unused).toEqual([]);
  });
});

describe('the server', () => {
  // Every code that the server's Go files can answer with has its sentence.
  const server = new URL('../../../internal/', import.meta.url).pathname;
  const codes = new Set<string>();
  const patterns = [
    /kernel\.(?:Malformed|Unauthorized|Forbidden|NotFound|Conflict|Stale|TooLarge|Invalid|TooMany|Unavailable)\("(\w+)"/g,
    /\bCode: "(\w+)"/g,
    /\bfault\("\w+", "(\w+)"\)/g,
    /\brefuse\("(\w+)"\)/g,
    /"\w+_\w+", "(\w+_taken)"/g,
  ];
  for (const file of readdirSync(server, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.go') || file.endsWith('_test.go')) continue;
    const text = readFileSync(join(server, file), 'utf8');
    for (const pattern of patterns) for (const [, code] of text.matchAll(pattern)) if (code) codes.add(code);
  }
  // These are answered to the plain-HTML sign-in pages alone, which have their own sentences.
  const signIn = new Set(['code_invalid', 'consent_outdated', 'link_used', 'sign_in_wrong']);

  it('has codes', () => expect(codes.size).toBeGreaterThan(40));

  it.each([...codes].filter((code) => !signIn.has(code)).sort())('is understood when it says %s', (code) => {
    expect(Object.keys(zh)).toContain(`error.${code}`);
  });
});

/** Attributes that a person sees or hears. */
const spoken =
  /^(aria-label|aria-valuetext|aria-description|title|label|alt|placeholder|description|text|confirm|submit|heading)$/;

/** Texts in the code that should stand in the catalogues. */
function literals(file: string): string[] {
  const tree = ts.createSourceFile(
    file,
    readFileSync(join(source, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
    ts.ScriptKind.TSX,
  );
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isJsxText(node) && /[\p{L}]/u.test(node.text)) found.push(`${file}: ${node.text.trim()}`);
    if (ts.isStringLiteralLike(node)) {
      const attribute = ts.isJsxAttribute(node.parent) ? node.parent.name.getText(tree) : '';
      if (spoken.test(attribute) && /[\p{L}]/u.test(node.text))
        found.push(`${file}: ${attribute}="${node.text}"`);
      if (han.test(node.text)) found.push(`${file}: ${node.text}`);
      if (
        ts.isJsxExpression(node.parent) &&
        !ts.isJsxAttribute(node.parent.parent) &&
        /[\p{L}]/u.test(node.text)
      ) {
        found.push(`${file}: {'${node.text}'}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

it.each(files.filter((file) => !/^i18n\/(zh-CN|en|faq)\//.test(file)))(
  '%s holds no text of its own',
  (file) => {
    expect(literals(file)).toEqual([]);
  },
);

describe('sentences', () => {
  it('are filled in', () => {
    expect(translator('zh-CN', zh)('nav.self', { name: '王芳' })).toBe('我：王芳');
  });

  it('have an English plural', () => {
    const t = translator('en', en);
    expect(t('directory.count', { count: 1 })).toBe('1 person');
    expect(t('directory.count', { count: 1200 })).toBe('1,200 people');
    expect(translator('zh-CN', zh)('directory.count', { count: 1 })).toBe('1 人');
  });
});

describe('formats', () => {
  it('write dates in the company’s zone', () => {
    expect(formatDate('zh-CN', '2026-11-22T20:00:00Z', 'Asia/Shanghai')).toBe('2026年11月23日');
    expect(formatDate('en', '2026-11-22T20:00:00Z', 'Asia/Shanghai')).toBe('23 November 2026');
    expect(formatTime('zh-CN', '2026-11-22T03:05:00Z', 'Asia/Shanghai')).toBe('2026年11月22日 11:05');
  });

  it('leave a plain date where it is', () => {
    expect(formatDate('zh-CN', '2024-03-01', 'America/Los_Angeles')).toBe('2024年3月1日');
  });

  it('join lists', () => {
    expect(formatList('zh-CN', ['甲', '乙', '丙'])).toBe('甲、乙和丙');
    expect(formatList('en', ['A', 'B', 'C'])).toBe('A, B and C');
  });

  it('write sizes of files', () => {
    expect([0, 12, 1023, 3500, 118 << 20].map((n) => formatSize('zh-CN', n))).toEqual([
      '0 B',
      '12 B',
      '1,023 B',
      '3.4 KB',
      '118 MB',
    ]);
  });

  it('space a mobile number, and nothing else', () => {
    expect(formatPhone('13800000001')).toBe('138 0000 0001');
    expect(formatPhone('+85221234567')).toBe('+85221234567');
  });
});
