import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonSchemas } from './testing/wire-schemas.js';

const fileOf = (name: string): string =>
  fileURLToPath(new URL(`../../../docs/sync/${name}.schema.json`, import.meta.url));

describe('the JSON Schemas in docs/sync', () => {
  it.each(Object.entries(jsonSchemas()))(
    'say what the contract says: %s (HMS_WRITE_SCHEMAS=1 writes them)',
    (name, schema) => {
      if (process.env['HMS_WRITE_SCHEMAS']) writeFileSync(fileOf(name), `${JSON.stringify(schema, null, 2)}\n`);
      expect(JSON.parse(readFileSync(fileOf(name), 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
    },
  );
});
