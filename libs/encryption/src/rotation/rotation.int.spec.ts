import { randomBytes } from 'node:crypto';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hospitalRef, provisionHospital, schemaOf, withOwner, type HospitalRef } from '@hms/database';
import type pg from 'pg';
import { DataKeys } from '../keys/data-keys.js';
import type { KeyProvider } from '../keys/key-provider.js';
import { openKeyProvider, readKeySource } from '../keys/key-source.js';
import { PgDataKeyStore } from '../keys/pg-data-key-store.js';
import { rotateDataKeys } from './rotate-data-keys.js';
import { rotateKeyEncryption } from './rotate-key-encryption.js';

const CHILD = fileURLToPath(new URL('../testing/rotate-child.mjs', import.meta.url));
const url = process.env['DATABASE_DIRECT_URL'] ?? '';
const asOwner = <T>(work: (owner: pg.Client) => Promise<T>): Promise<T> => withOwner(url, work);
const column = { table: 'patient_identifier', column: 'value_sealed' };
const rowCount = 400;
const quick = { settleMs: 300, batchSize: 50 };

const provider = openKeyProvider(readKeySource(process.env));
let hospital: HospitalRef;
let schema: string;

beforeAll(async () => {
  const slug = `t_${randomBytes(6).toString('hex')}`;
  const id = `0198${randomBytes(14).toString('hex')}`.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  const details = { name: slug, country: 'IE', currency: 'EUR', timezone: 'UTC' };
  await asOwner((owner) => provisionHospital(owner, { id, slug, ...details }));
  hospital = hospitalRef({ id, slug });
  schema = schemaOf(hospital.slug);
  await asOwner(addIdentifiers);
});

afterAll(async () => {
  await asOwner(async (owner) => {
    await owner.query(`drop schema ${schema} cascade`);
    for (const table of ['ingest_epoch', 'data_key']) {
      await owner.query(`delete from public.${table} where hospital_id = $1`, [hospital.id]);
    }
    await owner.query('delete from public.hospital where id = $1', [hospital.id]);
    await owner.query(`drop role ${schema}`);
  });
});

async function addIdentifiers(owner: pg.Client): Promise<void> {
  const cipher = await new DataKeys(new PgDataKeyStore(owner), provider).cipherFor(hospital.id);
  const { rows } = await owner.query<{ id: string }>(
    `with person as (insert into ${schema}.patient (id, mrn, family_name, given_name, created_by, updated_by)
                     values (gen_random_uuid(), '1', 'A', 'B', gen_random_uuid(), gen_random_uuid()) returning id)
     insert into ${schema}.patient_identifier (id, patient_id, system, value_sealed, value_index, created_by, updated_by)
     select gen_random_uuid(), person.id, 'urn:test', 'v1.', sha256(n::text::bytea), person.id, person.id
       from person, generate_series(1, ${String(rowCount)}) n returning id`,
  );
  for (const { id: rowId } of rows) {
    await owner.query(`update ${schema}.patient_identifier set value_sealed = $2 where id = $1`, [
      rowId,
      cipher.seal({ ...column, rowId }, `value of ${rowId}`),
    ]);
  }
}

/** How many values are sealed under each key, and the keys from the oldest on. */
const state = () =>
  asOwner(async (owner) => {
    const counted = await owner.query<{ kid: string; count: number }>(
      `select split_part(value_sealed, '.', 2) as kid, count(*)::int from ${schema}.patient_identifier group by 1`,
    );
    const keys = await owner.query<{ kid: string; retired: boolean }>(
      `select kid, retired_at is not null as retired from public.data_key
        where hospital_id = $1 and purpose = 'field' order by generation`,
      [hospital.id],
    );
    const values = new Map(counted.rows.map(({ kid, count }) => [kid, count]));
    return keys.rows.map(({ kid, retired }) => ({ values: values.get(kid) ?? 0, retired }));
  });

const keksInUse = () =>
  asOwner(async (owner) => {
    const { rows } = await owner.query<{ id: string }>(
      'select distinct kek_id as id from public.data_key where hospital_id = $1',
      [hospital.id],
    );
    return rows.map(({ id }) => id);
  });

/** Resolves once a rotation waits for a row of this hospital. */
async function rotationBlocked(): Promise<void> {
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%' || $1 || '%for update'`;
  await asOwner(async (owner) => {
    while ((await owner.query(waiting, [schema])).rowCount === 0) await setTimeout(20);
  });
}

/** Opens every value; answers how many there are. */
async function openAll(owner: pg.Client, keys: DataKeys): Promise<number> {
  const cipher = await keys.cipherFor(hospital.id);
  const { rows } = await owner.query<{ id: string; sealed: string }>(
    `select id, value_sealed as sealed from ${schema}.patient_identifier`,
  );
  for (const { id: rowId, sealed } of rows) {
    expect(cipher.open({ ...column, rowId }, sealed)).toBe(`value of ${rowId}`);
  }
  return rows.length;
}

/** Opens every value again and again, as a service does, until told to stop; answers how often. */
function readAlong(): { stop: () => Promise<number> } {
  let stopped = false;
  let opened = 0;
  const reading = asOwner(async (owner) => {
    const keys = new DataKeys(new PgDataKeyStore(owner), provider, { ringMaxAgeMs: 100 });
    while (!stopped) {
      opened += await openAll(owner, keys);
    }
    return opened;
  });
  return {
    stop: () => {
      stopped = true;
      return reading;
    },
  };
}

describe('a rotation of data keys', () => {
  it('seals every value anew while each of them stays readable, and retires the old key', async () => {
    const readers = [readAlong(), readAlong()];
    const rotated = await asOwner((owner) => rotateDataKeys(owner, provider, [hospital], quick));
    const opened = await Promise.all(readers.map((reader) => reader.stop()));
    expect(Math.min(...opened)).toBeGreaterThan(rowCount);
    expect(rotated).toEqual([{ scope: hospital, resealed: rowCount, unreadable: 0 }]);
    expect(await state()).toEqual([
      { values: 0, retired: true },
      { values: rowCount, retired: false },
    ]);
  });

  it('leaves no trace in versions and history', async () => {
    const { rows } = await asOwner((owner) =>
      owner.query(`select (select max(version) from ${schema}.patient_identifier) as version,
                          (select count(*)::int from ${schema}.change_history where action = 'update') as updates`),
    );
    expect(rows).toEqual([{ version: 1, updates: 0 }]);
  });

  it('is finished by the next run after it was killed half-way', async () => {
    // The child is killed between two of its batches: this lock stops it in the middle of the table.
    await asOwner(async (owner) => {
      await owner.query('begin');
      const middle = `select id from ${schema}.patient_identifier order by id offset ${String(rowCount / 2)} limit 1`;
      await owner.query(`select from ${schema}.patient_identifier where id = (${middle}) for update`);
      const child = fork(CHILD, [url, hospital.id, hospital.slug]);
      await rotationBlocked();
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      expect(await exit).toEqual([null, 'SIGKILL']);
      await owner.query('rollback');
    });
    const [, killed, successor] = await state();
    expect(killed).toEqual({ values: rowCount / 2, retired: false });
    expect(successor).toEqual({ values: rowCount / 2, retired: false });
    const reader = readAlong();
    const rotated = await asOwner((owner) => rotateDataKeys(owner, provider, [hospital], quick));
    await reader.stop();
    expect(rotated).toEqual([{ scope: hospital, resealed: rowCount / 2, unreadable: 0 }]);
    expect(await state()).toEqual([
      { values: 0, retired: true },
      { values: 0, retired: true },
      { values: rowCount, retired: false },
    ]);
  });

  it('goes on past a value that was tampered with, which keeps its key', async () => {
    await asOwner(async (owner) => {
      const swap = await owner.query<{ id: string; sealed: string }>(
        `select id, value_sealed as sealed from ${schema}.patient_identifier order by id limit 2`,
      );
      const [first, second] = swap.rows;
      const put = (id: string | undefined, sealed: string | undefined) =>
        owner.query(`update ${schema}.patient_identifier set value_sealed = $2 where id = $1`, [id, sealed]);
      await put(first?.id, second?.sealed);
      const rotated = await rotateDataKeys(owner, provider, [hospital], quick);
      expect(rotated).toEqual([{ scope: hospital, resealed: rowCount - 1, unreadable: 1 }]);
      expect((await state()).slice(-2)).toEqual([
        { values: 1, retired: false },
        { values: rowCount - 1, retired: false },
      ]);
      await put(first?.id, first?.sealed);
    });
    expect(await asOwner((owner) => rotateDataKeys(owner, provider, [hospital], quick))).toMatchObject([
      { resealed: 1 },
    ]);
  });

  it('runs once at a time', async () => {
    await asOwner(async (owner) => {
      await owner.query(`select pg_advisory_lock(hashtext('hms.rotate-data'))`);
      const second = asOwner((other) => rotateDataKeys(other, provider, [hospital], quick));
      await expect(second).rejects.toThrow('already');
    });
  });
});

describe('a rotation of the key-encryption key', () => {
  it('wraps every data key anew, which is known at once, and changes no value', async () => {
    const reader = readAlong();
    const before = await state();
    const { kekId, added } = await asOwner((owner) => rotateKeyEncryption(owner, provider));
    await reader.stop();
    expect(added).toBe(true);
    expect(await keksInUse()).toEqual([kekId]);
    expect(await state()).toEqual(before);
  });

  it('runs once at a time, and the next one may follow on the same connection', async () => {
    await asOwner(async (owner) => {
      let arrived = (): void => undefined;
      const rotating = new Promise<void>((resolve) => (arrived = resolve));
      let goOn = (): void => undefined;
      const held = new Promise<void>((resolve) => (goOn = resolve));
      const slow: KeyProvider = {
        newestKek: () => provider.newestKek(),
        rotate: async () => {
          arrived();
          await held;
          return provider.rotate();
        },
        wrap: (...args) => provider.wrap(...args),
        unwrap: (...args) => provider.unwrap(...args),
        rewrap: (...args) => provider.rewrap(...args),
      };
      const first = rotateKeyEncryption(owner, slow);
      await rotating;
      await expect(asOwner((other) => rotateKeyEncryption(other, provider))).rejects.toThrow('already');
      goOn();
      await first;
      const { kekId } = await rotateKeyEncryption(owner, provider);
      expect(await keksInUse()).toEqual([kekId]);
      expect(await openAll(owner, new DataKeys(new PgDataKeyStore(owner), provider))).toBe(rowCount);
    });
  });

  it('that was interrupted is finished under the same key', async () => {
    await provider.rotate();
    const { added, kekId } = await asOwner((owner) => rotateKeyEncryption(owner, provider));
    expect(added).toBe(false);
    expect(await keksInUse()).toEqual([kekId]);
  });
});
