// Writes src/api/schema.d.ts from ../openapi.json. The Idempotency-Key is left out: the client sets it on every change.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const at = (path) => new URL(path, import.meta.url);
const document = JSON.parse(await readFile(at('../../openapi.json'), 'utf8'));
for (const item of Object.values(document.paths)) {
  for (const operation of Object.values(item)) {
    if (operation.parameters)
      operation.parameters = operation.parameters.filter((p) => p.name !== 'Idempotency-Key');
  }
}
const header = '// Code generated from ../openapi.json by `npm run api`. DO NOT EDIT.\n\n';
await writeFile(at('../src/api/schema.d.ts'), header + astToString(await openapiTS(document)));
