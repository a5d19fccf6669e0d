import { withOwner } from '../migrate/owner-connection.js';
import { type HospitalRef, hospitalRef } from '../hospital-ref.js';
import { lockWait } from '../testing/lock-wait.js';
import { createHospitals, dropHospitals, PATIENCE, url } from '../testing/scratch.js';
import { HospitalDatabase, schemaSql, type TenantTx } from './hospital-database.js';
import { constraintOf, sqlState } from './sql-errors.js';

const actor = '01234567-89ab-7cde-8f01-23456789abcd';
let hospital: HospitalRef;
let db: HospitalDatabase;
const open: HospitalDatabase[] = [];

function database(options: { poolSize?: number; timeoutMs?: number; maxWaitMs?: number } = {}): HospitalDatabase {
  const opened = new HospitalDatabase({ url: url('DATABASE_URL'), poolSize: 2, onError: () => undefined, ...options });
  open.push(opened);
  return opened;
}

beforeAll(async () => {
  [hospital] = (await createHospitals(1)) as [HospitalRef];
  db = database({ poolSize: 4 });
}, PATIENCE);
afterAll(async () => {
  for (const opened of open) await opened.close();
  await dropHospitals([hospital.slug]);
}, PATIENCE);

let mrn = 0;
const newPatient = (tx: TenantTx): Promise<{ id: string }> =>
  tx.patient.create({
    data: { mrn: `T${String((mrn += 1))}`, familyName: 'Doe', givenName: 'Jo', createdBy: actor, updatedBy: actor },
    select: { id: true },
  });
const penicillin = (patientId: string, clinicalStatus = 'active'): Parameters<TenantTx['allergy']['create']>[0] => ({
  data: {
    patientId,
    substance: 'Penicillin',
    category: 'medication',
    clinicalStatus,
    createdBy: actor,
    updatedBy: actor,
  },
});

describe('a transaction in a hospital', () => {
  it('commits what it did, or nothing when it throws', async () => {
    const { id } = await db.inHospital(hospital, newPatient);
    const failed = db.inHospital(hospital, async (tx) => {
      await tx.patient.update({ where: { id }, data: { familyName: 'Roe' } });
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    const read = await db.readInHospital(hospital, (tx) => tx.patient.findUniqueOrThrow({ where: { id } }));
    expect(read.familyName).toBe('Doe');
  });

  it('cannot report success after swallowing a failed statement', async () => {
    const swallowed = db.inHospital(hospital, async (tx) => {
      await newPatient(tx);
      await tx.bed.create({ data: { wardId: actor, label: '1' } }).catch(() => undefined);
      return 'done';
    });
    await expect(swallowed).rejects.toMatchObject({ name: 'DriverAdapterError' });
    expect(await swallowed.catch(sqlState)).toBe('25P02');
  });

  it('is repeated when it was the victim of a deadlock', async () => {
    const one = await db.inHospital(hospital, newPatient);
    const other = await db.inHospital(hospital, newPatient);
    let runs = 0;
    const touchBoth = (first: string, second: string, tx: TenantTx): Promise<unknown> => {
      runs += 1;
      const touch = (id: string): Promise<unknown> =>
        tx.patient.update({ where: { id }, data: { updatedBy: actor }, select: { id: true } });
      return touch(first)
        .then(() => meet())
        .then(() => touch(second));
    };
    let arrived = 0;
    let open: () => void = () => undefined;
    const both = new Promise<void>((resolve) => (open = resolve));
    const meet = (): Promise<void> => {
      arrived += 1;
      if (arrived >= 2) open();
      return both;
    };
    await Promise.all([
      db.inHospital(hospital, (tx) => touchBoth(one.id, other.id, tx)),
      db.inHospital(hospital, (tx) => touchBoth(other.id, one.id, tx)),
    ]);
    expect(runs).toBe(3);
  });

  it('knows its hospital, so that raw SQL can name the schema', async () => {
    const { id } = await db.inHospital(hospital, newPatient);
    const rows = await db.readInHospital(hospital, (tx) => {
      return tx.$queryRaw<unknown[]>`select search_name from ${schemaSql(tx.hospital)}.patient where id = ${id}::uuid`;
    });
    expect(rows).toEqual([{ search_name: 'jo doe' }]);
  });

  it('stores times as instants', async () => {
    const at = new Date('2026-03-04T05:06:07.089Z');
    const { id } = await db.inHospital(hospital, newPatient);
    await db.inHospital(hospital, (tx) => tx.patient.update({ where: { id }, data: { deceasedAt: at } }));
    const [row] = await db.readInHospital(hospital, (tx) => {
      return tx.$queryRaw<unknown[]>`select deceased_at = timestamptz '2026-03-04 08:06:07.089+03' as same
        from ${schemaSql(tx.hospital)}.patient where id = ${id}::uuid`;
    });
    expect(row).toEqual({ same: true });
    await expect(db.checkReady()).resolves.toBeUndefined();
  });
});

describe('a reading transaction', () => {
  it('refuses to write', async () => {
    expect(await db.readInHospital(hospital, newPatient).catch(sqlState)).toBe('25006');
  });

  it('sees one snapshot', async () => {
    const [before, after] = await db.readInHospital(hospital, async (tx) => {
      const count = await tx.patient.count();
      await db.inHospital(hospital, newPatient);
      return [count, await tx.patient.count()];
    });
    expect(after).toBe(before);
  });
});

describe('an error of PostgreSQL', () => {
  it.each([
    [
      '23505',
      'ward_code_key',
      (tx: TenantTx) =>
        tx.ward.createMany({
          data: [
            { code: 'A', name: 'A' },
            { code: 'A', name: 'B' },
          ],
        }),
    ],
    ['23514', 'ward_code_check', (tx: TenantTx) => tx.ward.create({ data: { code: 'lower case', name: 'A' } })],
    ['23503', 'bed_ward_id_fkey', (tx: TenantTx) => tx.bed.create({ data: { wardId: actor, label: '1' } })],
    [
      '23514',
      'ward_code_check',
      (tx: TenantTx) =>
        tx.$executeRaw`insert into ${schemaSql(tx.hospital)}.ward values (gen_random_uuid(), 'lower case', 'A')`,
    ],
    ['42P01', undefined, (tx: TenantTx) => tx.$queryRaw`select from ${schemaSql(tx.hospital)}.nothing`],
  ])('is known by its SQLSTATE %s and its constraint %s', async (state, constraint, work) => {
    const err: unknown = await db.inHospital<unknown>(hospital, work).catch((caught: unknown) => caught);
    expect([sqlState(err), constraintOf(err)]).toEqual([state, constraint]);
  });
});

describe('the allergy list and the allergy status', () => {
  it("cannot contradict each other: 'none-known' with an active allergy is refused", async () => {
    const { id } = await db.inHospital(hospital, newPatient);
    await db.inHospital(hospital, (tx) => tx.allergy.create(penicillin(id)));
    const denied = db.inHospital(hospital, (tx) =>
      tx.patient.update({ where: { id }, data: { allergyStatus: 'none-known' } }),
    );
    expect(await denied.catch(constraintOf)).toBe('patient_allergy_status');
  });

  it('cannot contradict each other either while an allergy is uncommitted', async () => {
    const { id } = await db.inHospital(hospital, newPatient);
    await db.inHospital(hospital, (tx) => tx.patient.update({ where: { id }, data: { allergyStatus: 'recorded' } }));
    const setNoneKnown = (): Promise<unknown> =>
      db.inHospital(hospital, (tx) => tx.patient.update({ where: { id }, data: { allergyStatus: 'none-known' } }));
    let denied: Promise<unknown> = Promise.resolve();
    await db.inHospital(hospital, async (tx) => {
      await tx.allergy.create(penicillin(id));
      denied = setNoneKnown().catch(constraintOf);
      await lockWait(hospital.slug);
    });
    expect(await denied).toBe('patient_allergy_status');
  });
});

describe('the pool', () => {
  it('gets its connection back from a transaction that took too long', async () => {
    const hasty = database({ poolSize: 1, timeoutMs: 200 });
    const slow = hasty.inHospital(hospital, (tx) => tx.$queryRaw`select 1 from pg_sleep(5)`);
    expect(await slow.catch(sqlState)).toBe('57014');
    await expect(hasty.readInHospital(hospital, (tx) => tx.ward.count())).resolves.toBeGreaterThanOrEqual(0);
    expect(hasty.stats).toMatchObject({ clients: 1, connections: 1, waiting: 0 });
  });

  it('gets its connection back from a transaction that nobody waits for any more', async () => {
    const full = database({ poolSize: 1, maxWaitMs: 100 });
    let late: unknown;
    await full.inHospital(hospital, async () => {
      late = await full.inHospital(hospital, (tx) => tx.ward.count()).catch((err: unknown) => err);
    });
    expect(late).toBeInstanceOf(Error);
    await expect(full.inHospital(hospital, (tx) => tx.ward.count())).resolves.toBeGreaterThanOrEqual(0);
    expect(full.stats).toMatchObject({ connections: 1, waiting: 0 });
  });

  it('keeps no connection whose transaction could not take its role', async () => {
    const strict = database({ poolSize: 1 });
    const gone = hospitalRef({ id: actor, slug: 'never_created' });
    expect(await strict.inHospital(gone, (tx) => tx.ward.count()).catch(sqlState)).toBe('22023');
    await expect(strict.inHospital(hospital, (tx) => tx.ward.count())).resolves.toBeGreaterThanOrEqual(0);
  });

  it('gets its connection back, with the limit it had, from a statement that took too long or was wrong', async () => {
    const strict = database({ poolSize: 1 });
    const limit = `select current_setting('statement_timeout') as limit`;
    const before = await strict.describeConnection(limit);
    expect(await strict.executeWithin(100, 'select pg_sleep($1)', [10]).catch(sqlState)).toBe('57014');
    expect(await strict.executeWithin(100, 'select nonsense', []).catch(sqlState)).toBe('42703');
    await strict.executeWithin(1_000, 'select pg_sleep($1)', [0]);
    expect(await strict.describeConnection(limit)).toEqual(before);
  });

  it('survives the death of a backend inside a transaction', async () => {
    const survivor = database({ poolSize: 1 });
    const killed = survivor.inHospital(hospital, async (tx) => {
      const [row] = await tx.$queryRaw<{ pid: number }[]>`select pg_backend_pid() as pid`;
      await withOwner(url('DATABASE_SUPERUSER_URL'), (su) => su.query('select pg_terminate_backend($1)', [row?.pid]));
      return tx.ward.count();
    });
    await expect(killed).rejects.toThrow();
    await expect(survivor.inHospital(hospital, (tx) => tx.ward.count())).resolves.toBeGreaterThanOrEqual(0);
  });
});
