import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { importEdition } from './import-edition.js';
import type { EditionCode } from './read-edition.js';

const edition = [
  { code: 'I50.9', display: 'Heart failure, renamed', recordable: true },
  { code: 'A00', display: 'Cholera', recordable: false },
  { code: 'A00.0', display: 'Cholera due to Vibrio cholerae 01, biovar cholerae', recordable: true },
];
let owner: pg.Client;

beforeAll(async () => {
  owner = new pg.Client(process.env['DATABASE_DIRECT_URL']);
  await owner.connect();
});
// Others record these codes meanwhile.
beforeEach(() => owner.query('begin'));
afterEach(() => owner.query('rollback'));
afterAll(() => owner.end());

const known = async () => {
  const all = 'select code, display, recordable from public.icd10_code where active order by code';
  const { rows } = await owner.query<EditionCode>(all);
  return rows;
};

it('an edition becomes what can be recorded; what it lacks is kept, and recorded no more', async () => {
  const before = await known();
  const outcome = await importEdition(owner, edition, false);
  expect(outcome).toEqual({ added: 2, changed: 1, retired: before.length - 1 });
  expect(await known()).toEqual([...edition].sort((a, b) => (a.code < b.code ? -1 : 1)));
  const { rows } = await owner.query('select count(*)::int as all from public.icd10_code');
  expect(rows).toEqual([{ all: before.length + 2 }]);
  expect(await importEdition(owner, edition, false)).toEqual({ added: 0, changed: 0, retired: 0 });
});

it('a dry run says the same and changes nothing', async () => {
  const before = await known();
  expect(await importEdition(owner, edition, true)).toMatchObject({ added: 2, changed: 1 });
  expect(await known()).toEqual(before);
});
