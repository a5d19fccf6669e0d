import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../lib/settings.mjs';
import { DRAWN_VARIABLES } from '../testing/suites.mjs';

/** @param {string} ending */
const sources = (ending) =>
  ['apps', 'libs'].flatMap((group) =>
    readdirSync(join(ROOT, group)).flatMap((name) => {
      const folder = join(ROOT, group, name, 'src');
      const files = readdirSync(folder, { recursive: true }).map((file) => join(folder, String(file)));
      return files.filter((file) => file.endsWith(ending));
    }),
  );

test('a file of tests that runs alone says why in its first line', () => {
  const alone = sources('.alone.int.spec.ts');
  assert.ok(alone.length > 0);
  for (const file of alone) assert.match(readFileSync(file, 'utf8'), /^\/\* Alone: .+\. \*\/\n/, file);
});

test('a number that a person sets reaches the tests that read it', () => {
  const read = sources('.spec.ts').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/Number\(process\.env\['(\w+)'\]/g)].map(([, name]) => name ?? ''),
  );
  assert.ok(read.length > 0);
  assert.deepEqual(
    read.filter((name) => !DRAWN_VARIABLES.includes(name)),
    [],
  );
});
