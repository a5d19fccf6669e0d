import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';

const HMS = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const slug = `t_${randomBytes(6).toString('hex')}`;
const hospitalId = uuidv7();
let owner: pg.Client;

beforeAll(async () => {
  owner = new pg.Client({ connectionString: process.env['DATABASE_DIRECT_URL'] });
  await owner.connect();
  await owner.query(
    `insert into public.hospital (id, slug, name, country, currency, timezone) values ($1, $2, $2, 'IE', 'EUR', 'Europe/Dublin')`,
    [hospitalId, slug],
  );
  await owner.query(`insert into public.gateway (id, hospital_id, name) values ($1, $2, 'icu')`, [
    uuidv7(),
    hospitalId,
  ]);
});
afterAll(async () => {
  for (const table of ['hl7_source', 'gateway', 'ingest_epoch'])
    await owner.query(`delete from public.${table} where hospital_id = $1`, [hospitalId]);
  await owner.query('delete from public.hospital where id = $1', [hospitalId]);
  await owner.end();
});

const hms = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [HMS, 'hl7-source', ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
const add = (network: string, ...more: string[]): ReturnType<typeof hms> =>
  hms('add', slug, '--gateway=icu', `--network=${network}`, `--application=${slug}`, ...more);

describe('hms hl7-source', () => {
  it('lets a sender in and out again, and keeps a record of it', async () => {
    const added = await add('10.20.0.0/24', '--facility=ICU', '--timezone=Asia/Kolkata');
    expect(added).toMatchObject({ code: 0, err: '' });
    const id = /^Source (\S+) is let in for gateway icu/.exec(added.out)?.[1] ?? '';
    const { out } = await hms('list');
    expect(out).toContain([id, slug, 'icu', '10.20.0.0/24', slug, 'ICU', 'Asia/Calcutta'].join('\t'));
    expect(await hms('remove', id)).toMatchObject({ code: 0 });
    const { rows } = await owner.query(
      `select action, operation from public.audit_event where entity = 'hl7_source' and $1 = any(entity_ids) order by id`,
      [id],
    );
    expect(rows).toEqual([
      { action: 'create', operation: 'hms hl7-source add' },
      { action: 'delete', operation: 'hms hl7-source remove' },
    ]);
  }, 60_000);

  it('refuses a gateway that is not there, and a sender that could be meant by another source already', async () => {
    expect(await add('10.21.0.0/24', '--gateway=ward')).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no gateway ward'),
    });
    expect((await add('10.30.0.0/16')).code).toBe(0);
    expect(await add('10.30.7.0/24')).toMatchObject({ code: 1, err: expect.stringContaining('overlapping network') });
  }, 60_000);
});
