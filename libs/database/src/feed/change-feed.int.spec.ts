import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { provisionHospital } from '../hospitals/provision-hospital.js';
import { migrateShared } from '../migrate/migrate-all.js';
import { withOwner } from '../migrate/owner-connection.js';
import { details, dropRoles, freshSlug, PATIENCE, withScratchDatabase } from '../testing/scratch.js';

interface Scratch {
  readonly url: string;
  readonly owner: pg.Client;
  readonly schema: string;
  readonly hospitalId: string;
  readonly wards: readonly string[];
}

/** A hospital in a database of its own, where nobody else relays. */
async function withHospital(work: (scratch: Scratch) => Promise<void>): Promise<void> {
  const slug = freshSlug();
  try {
    await withScratchDatabase((url) =>
      withOwner(url, async (owner) => {
        await migrateShared(owner);
        const { id: hospitalId } = await provisionHospital(owner, details(slug));
        const schema = `hospital_${slug}`;
        const wards = [randomUUID(), randomUUID()];
        for (const [n, ward] of wards.entries()) {
          await owner.query(`insert into ${schema}.ward (id, code, name) values ($1, $2, 'A ward')`, [ward, `W${n}`]);
        }
        await work({ url, owner, schema, hospitalId, wards });
      }),
    );
  } finally {
    await dropRoles([slug]);
  }
}

/** One for all tests that leave the relay as it is. */
let shared: Scratch;
let closeShared: () => void;
let sharedClosed: Promise<void>;
beforeAll(
  () =>
    new Promise<void>((resolve, reject) => {
      sharedClosed = withHospital((scratch) => {
        shared = scratch;
        resolve();
        return new Promise((close) => (closeShared = close));
      });
      sharedClosed.catch(reject);
    }),
  PATIENCE,
);
afterAll(async () => {
  closeShared();
  await sharedClosed;
}, PATIENCE);

const onShared = (work: (scratch: Scratch) => Promise<void>): Promise<void> => work(shared);

async function addPatients({ owner, schema, wards }: Scratch, count: number, ward = wards[0]): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await owner.query(
    `insert into ${schema}.patient (id, mrn, family_name, given_name, ward_id, created_by, updated_by)
     select id, id::text, 'Adams', 'Ada', $2, $3, $3 from unnest($1::uuid[]) id`,
    [ids, ward, randomUUID()],
  );
  return ids;
}

const relay = async (client: pg.Client, maxRows: number): Promise<void> => {
  for (let more = true; more;) {
    const { rows } = await client.query<{ more: boolean }>('select more from sync.relay_step($1)', [maxRows]);
    more = rows[0]?.more ?? false;
  }
};

/** Which rows changed since it was asked last, as somebody sees them who remembers one number. */
type Reader = (client: pg.Client) => Promise<string[]>;

function feedReader(maxRows: number): Reader {
  let since = 0;
  return async (client) => {
    await relay(client, maxRows);
    const { rows } = await client.query<{ pos: string; row_id: string }>(
      'select pos, row_id from sync.feed where pos > $1 and pos <= (select pos from sync.relay) order by pos',
      [since],
    );
    since = Number(rows.at(-1)?.pos ?? since);
    return rows.map((row) => row.row_id);
  };
}

/** What the feed is instead of: a number that is drawn before the change can be seen. */
function sequenceReader(): Reader {
  let since = 0;
  return async (client) => {
    const { rows } = await client.query<{ seq: string; row_id: string }>(
      'select seq, row_id from sync.change_log where seq > $1 order by seq',
      [since],
    );
    since = Number(rows.at(-1)?.seq ?? since);
    return rows.map((row) => row.row_id);
  };
}

/** Changes patients at random in transactions that last, sometimes long, and sometimes come to nothing. */
async function write({ url, schema }: Scratch, ids: readonly string[], until: number): Promise<void> {
  await withOwner(url, async (client) => {
    while (Date.now() < until) {
      await client.query('begin');
      const some = [...new Set(Array.from({ length: randomInt(1, 4) }, () => ids[randomInt(ids.length)] ?? ''))].sort();
      for (const id of some) {
        await client.query(`update ${schema}.patient set given_name = $2 where id = $1`, [id, `N${randomInt(1e9)}`]);
      }
      await delay(randomInt(20) === 0 ? 300 : randomInt(15));
      await client.query(randomInt(8) === 0 ? 'rollback' : 'commit');
    }
  });
}

/** How many rows a replica holds wrongly in the end that follows 12 writers for some seconds. */
async function staleAfterFollowing(scratch: Scratch, reader: Reader): Promise<number> {
  const ids = await addPatients(scratch, 60);
  const replica = new Map<string, number>();
  const { schema } = scratch;
  await withOwner(scratch.url, async (client) => {
    const take = async (): Promise<void> => {
      const changed = await reader(client);
      const { rows } = await client.query<{ id: string; version: number }>(
        `select id, version from ${schema}.patient where id = any ($1)`,
        [changed],
      );
      for (const { id, version } of rows) replica.set(id, version);
    };
    const until = Date.now() + 2_500;
    const writers = Promise.all(Array.from({ length: 12 }, () => write(scratch, ids, until)));
    while (Date.now() < until) await take();
    await writers;
    await take();
  });
  const { rows } = await scratch.owner.query<{ id: string; version: number }>(
    `select id, version from ${schema}.patient where id = any ($1)`,
    [ids],
  );
  return rows.filter(({ id, version }) => replica.get(id) !== version).length;
}

const logged = async ({ owner }: Scratch): Promise<Record<string, unknown>[]> => {
  await relay(owner, 20_000);
  const { rows } = await owner.query<Record<string, unknown>>(
    'select entity, op, row_id, version::int, keys, keys_gone from sync.feed order by pos',
  );
  await owner.query('truncate sync.feed');
  return rows;
};

/** Makes the relay wrong in one place. */
async function mutate({ owner }: Scratch, right: string, wrong: string): Promise<void> {
  const { rows } = await owner.query<{ text: string }>(`select pg_get_functiondef('sync.relay_step'::regproc) as text`);
  const text = rows[0]?.text ?? '';
  expect(text).toContain(right);
  await owner.query(text.replaceAll(right, wrong));
}

const positionsAfterRacing = async (scratch: Scratch): Promise<unknown> => {
  const { url, owner } = scratch;
  await relay(owner, 20_000);
  await owner.query('truncate sync.feed');
  await addPatients(scratch, 500);
  const racing = [3, 5, 7].map((maxRows) => withOwner(url, (client) => relay(client, maxRows)));
  await Promise.allSettled(racing);
  await relay(owner, 100);
  return (await owner.query('select count(*)::int, count(distinct pos)::int as places from sync.feed')).rows;
};

/** The ward under which a row is in the feed that one transaction moved after another that began later. */
async function wardOfTwiceMoved(scratch: Scratch): Promise<number> {
  const { url, owner, schema, wards } = scratch;
  const [patient = ''] = await addPatients(scratch, 1);
  await logged(scratch);
  const move = (client: pg.Client, ward: string | undefined): Promise<unknown> =>
    client.query(`update ${schema}.patient set ward_id = $2 where id = $1`, [patient, ward]);
  await withOwner(url, async (early) => {
    await early.query('begin');
    await early.query('select pg_current_xact_id()');
    await move(owner, wards[1]);
    await move(early, wards[0]);
    await early.query('commit');
  });
  const [last] = await logged(scratch);
  return wards.findIndex((ward) => (last?.['keys'] as string[]).includes(`ward:${ward}`));
}

describe('whoever follows the feed', () => {
  it.each([1, 7, 20, 20_000])(
    'misses no change of transactions that end in another order than they began, %i at a time',
    (maxRows) => onShared(async (scratch) => expect(await staleAfterFollowing(scratch, feedReader(maxRows))).toBe(0)),
    PATIENCE,
  );

  it(
    'control: misses some when following a sequence',
    () => onShared(async (scratch) => expect(await staleAfterFollowing(scratch, sequenceReader())).toBeGreaterThan(0)),
    PATIENCE,
  );

  it(
    'is never stopped by a transaction that stays open, and gets its changes when it ends',
    () =>
      onShared(async (scratch) => {
        const { owner, url, schema } = scratch;
        const [slow = '', quick = ''] = await addPatients(scratch, 2);
        await logged(scratch);
        await withOwner(url, async (open) => {
          await open.query('begin');
          await open.query(`update ${schema}.patient set given_name = 'Slow' where id = $1`, [slow]);
          await owner.query(`update ${schema}.patient set given_name = 'Quick' where id = $1`, [quick]);
          expect(await logged(scratch)).toMatchObject([{ row_id: quick }]);
          await open.query('commit');
          expect(await logged(scratch)).toMatchObject([{ row_id: slow }]);
        });
      }),
    PATIENCE,
  );

  it(
    'sees each position once, however many relay at once',
    () =>
      onShared(async (scratch) => {
        expect(await positionsAfterRacing(scratch)).toEqual([{ count: 500, places: 500 }]);
      }),
    PATIENCE,
  );

  it(
    'control: does not when nothing keeps relays apart',
    () =>
      withHospital(async (scratch) => {
        await mutate(scratch, 'if not pg_try_advisory_xact_lock(7310001) then return; end if;', '');
        expect(await positionsAfterRacing(scratch)).not.toEqual([{ count: 500, places: 500 }]);
      }),
    PATIENCE,
  );

  it(
    'is told of the last change of a row, not of the one whose transaction began last',
    () => onShared(async (scratch) => expect(await wardOfTwiceMoved(scratch)).toBe(0)),
    PATIENCE,
  );

  it(
    'control: is told of another when changes are told apart by their transactions',
    () =>
      withHospital(async (scratch) => {
        await mutate(scratch, 'op, keys, seq\n', 'op, keys, seq, xid\n');
        await mutate(scratch, 'row_id, seq desc\n', 'row_id, xid desc\n');
        expect(await wardOfTwiceMoved(scratch)).toBe(1);
      }),
    PATIENCE,
  );

  it(
    'control: misses changes when a step of several calls counts as done after the first',
    () =>
      withHospital(async (scratch) => {
        await mutate(scratch, 'prev = case when n_src < max_rows then r.target else r.prev end', 'prev = r.target');
        expect(await staleAfterFollowing(scratch, feedReader(1))).toBeGreaterThan(0);
      }),
    PATIENCE,
  );
});

describe('a change', () => {
  it(
    'is logged under the keys by which devices may hold the row, and leaves those it had before',
    () =>
      onShared(async (scratch) => {
        const { owner, schema, wards } = scratch;
        const [patient = ''] = await addPatients(scratch, 1);
        const allergy = randomUUID();
        await owner.query(
          `insert into ${schema}.allergy (id, patient_id, substance, category, created_by, updated_by)
           values ($1, $2, 'Penicillin', 'medication', $1, $1)`,
          [allergy, patient],
        );
        await logged(scratch);
        const keys = (ward: string | undefined): string[] => ['hospital', `patient:${patient}`, `ward:${ward}`];
        await owner.query(`update ${schema}.patient set ward_id = $2 where id = $1`, [patient, wards[1]]);
        const gone = [`ward:${wards[0]}`];
        expect(await logged(scratch)).toEqual([
          expect.objectContaining({ entity: 1, op: 'U', row_id: patient, keys: keys(wards[1]), keys_gone: gone }),
          expect.objectContaining({ entity: 2, op: 'U', row_id: allergy, keys: keys(wards[1]), keys_gone: gone }),
        ]);
        await owner.query(`update ${schema}.patient set deleted_at = now(), deleted_reason = 'twice' where id = $1`, [
          patient,
        ]);
        expect(await logged(scratch)).toMatchObject([
          { entity: 1, op: 'D', keys_gone: keys(wards[1]) },
          { entity: 2, op: 'U' },
        ]);
      }),
    PATIENCE,
  );

  it(
    'of a row written while its patient is moved to another ward is logged under the ward they came to',
    () =>
      onShared(async (scratch) => {
        const { owner, url, schema, wards } = scratch;
        const [patient = ''] = await addPatients(scratch, 1);
        await logged(scratch);
        await withOwner(url, async (mover) => {
          await mover.query('begin');
          await mover.query(`update ${schema}.patient set ward_id = $2 where id = $1`, [patient, wards[1]]);
          const written = owner.query(
            `insert into ${schema}.condition (id, patient_id, display, created_by, updated_by)
             values ($1, $2, 'Asthma', $1, $1)`,
            [randomUUID(), patient],
          );
          await delay(200);
          await mover.query('commit');
          await written;
        });
        const condition = (await logged(scratch)).at(-1);
        expect(condition).toMatchObject({ entity: 3, keys: expect.arrayContaining([`ward:${wards[1]}`]) as unknown });
        expect(condition).not.toMatchObject({ keys: expect.arrayContaining([`ward:${wards[0]}`]) as unknown });
      }),
    PATIENCE,
  );

  it(
    'of a row written while its patient is deleted is logged after that',
    () =>
      onShared(async (scratch) => {
        const { url, schema } = scratch;
        const [patient = ''] = await addPatients(scratch, 1);
        await logged(scratch);
        await withOwner(url, async (deleter) => {
          await deleter.query('begin');
          await deleter.query(
            `update ${schema}.patient set deleted_at = now(), deleted_reason = 'twice' where id = $1`,
            [patient],
          );
          const written = withOwner(url, (writer) =>
            writer.query(
              `insert into ${schema}.condition (id, patient_id, display, created_by, updated_by)
               values ($1, $2, 'Asthma', $1, $1)`,
              [randomUUID(), patient],
            ),
          );
          await delay(200);
          expect(await logged(scratch)).toEqual([]);
          await deleter.query('commit');
          await written;
        });
        expect(await logged(scratch)).toMatchObject([{ entity: 1, op: 'D' }, { entity: 3 }]);
      }),
    PATIENCE,
  );

  it(
    'of the id of a row is refused',
    () =>
      onShared(async (scratch) => {
        const [patient] = await addPatients(scratch, 1);
        const change = scratch.owner.query(`update ${scratch.schema}.patient set id = $2 where id = $1`, [
          patient,
          randomUUID(),
        ]);
        await expect(change).rejects.toThrow('does not change');
      }),
    PATIENCE,
  );
});

it(
  'an idle step writes nothing, and reads no backlog behind an open transaction',
  () =>
    onShared(async (scratch) => {
      const { owner, url } = scratch;
      await addPatients(scratch, 4_000);
      await withOwner(url, async (open) => {
        await open.query('begin');
        await open.query('select pg_current_xact_id()');
        await relay(owner, 20_000);
        await addPatients(scratch, 4_000);
        await relay(owner, 20_000);
        const { rows: before } = await owner.query('select xmin from sync.relay');
        const { rows } = await owner.query<{ 'QUERY PLAN': { 'Shared Hit Blocks': number }[] }>(
          'explain (analyze, buffers, format json) select * from sync.relay_step()',
        );
        const [plan] = (rows[0]?.['QUERY PLAN'] ?? []) as unknown as { Plan: { 'Shared Hit Blocks': number } }[];
        expect(plan?.Plan['Shared Hit Blocks']).toBeLessThan(300);
        expect((await owner.query('select xmin from sync.relay')).rows).toEqual(before);
        await open.query('rollback');
      });
    }),
  PATIENCE,
);
