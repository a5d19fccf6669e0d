import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../lib/settings.mjs';

test('a file of tests that runs alone says why in its first line', () => {
  const alone = ['apps', 'libs'].flatMap((group) =>
    readdirSync(join(ROOT, group)).flatMap((name) => {
      const folder = join(ROOT, group, name, 'src');
      const files = readdirSync(folder, { recursive: true }).map((file) => join(folder, String(file)));
      return files.filter((file) => file.endsWith('.alone.int.spec.ts'));
    }),
  );
  assert.ok(alone.length > 0);
  for (const file of alone) assert.match(readFileSync(file, 'utf8'), /^\/\* Alone: .+\. \*\/\n/, file);
});
