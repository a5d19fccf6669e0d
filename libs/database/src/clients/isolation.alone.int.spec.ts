/* Alone: it ends backends of the pool that every API shares. */
import pg from 'pg';
import { type HospitalRef, schemaOf } from '../hospital-ref.js';
import { withOwner } from '../migrate/owner-connection.js';
import { createHospitals, dropHospitals, PATIENCE, url } from '../testing/scratch.js';
import { HospitalDatabase, schemaSql } from './hospital-database.js';

const HOSPITALS = 20;
const OPERATIONS = 10_000;
const AT_ONCE = 8;

let hospitals: HospitalRef[] = [];
let codes = 0;

beforeAll(async () => {
  hospitals = await createHospitals(HOSPITALS);
}, PATIENCE);
afterAll(() => dropHospitals(hospitals.map(({ slug }) => slug)), PATIENCE);

/** Every row of a hospital carries its slug, so that a row seen in another hospital gives itself away. */
const ward = (hospital: HospitalRef): { code: string; name: string } => ({
  code: `C${String((codes += 1))}`,
  name: hospital.slug,
});

/** One visit to a hospital: the names it saw there. */
type Visit = (hospital: HospitalRef) => Promise<string[]>;

interface Tally {
  /** Rows of another hospital than the one visited. */
  foreign: number;
  completed: number;
  failed: number;
}

/** Makes visits, several at a time; who has visited a hospital stays for a few visits, then goes to any other. */
async function interleave(operations: number, visit: Visit): Promise<Tally> {
  const tally = { foreign: 0, completed: 0, failed: 0 };
  let left = operations;
  const anyHospital = (): HospitalRef => hospitals[Math.floor(Math.random() * hospitals.length)]!;
  const worker = async (): Promise<void> => {
    let hospital = anyHospital();
    while (left > 0) {
      left -= 1;
      if (Math.random() < 0.25) hospital = anyHospital();
      try {
        const names = await visit(hospital);
        tally.foreign += names.filter((name) => name !== hospital.slug).length;
        tally.completed += 1;
      } catch {
        tally.failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return tally;
}

/** What the application does, at random: reads, writes, broken statements, changed minds. */
function visitThrough(db: HospitalDatabase): Visit {
  return (hospital) => {
    const dice = Math.random();
    if (dice < 0.4) {
      return db.readInHospital(hospital, async (tx) => {
        const wards = await tx.ward.findMany({ orderBy: { id: 'desc' }, take: 5, select: { name: true } });
        return wards.map(({ name }) => name);
      });
    }
    if (dice < 0.7) {
      return db.inHospital(hospital, async (tx) => {
        const rows = await tx.$queryRaw<{ name: string }[]>`
          select name from ${schemaSql(tx.hospital)}.ward order by id desc limit 5`;
        return rows.map(({ name }) => name);
      });
    }
    return db.inHospital(hospital, async (tx) => {
      const { name } = await tx.ward.create({ data: ward(hospital), select: { name: true } });
      if (dice > 0.95) throw new Error('changed my mind');
      if (dice > 0.9) await tx.$executeRaw`select 1 / 0`;
      return [name];
    });
  };
}

/** Cancels or kills a backend of the application now and then, until stopped. */
function sabotage(): { stop: () => Promise<number> } {
  let stopped = false;
  const run = withOwner(url('DATABASE_SUPERUSER_URL'), async (superuser) => {
    let hits = 0;
    while (!stopped) {
      const how = Math.random() < 0.8 ? 'pg_cancel_backend' : 'pg_terminate_backend';
      const { rowCount } = await superuser.query(
        `select ${how}(pid), pg_sleep(0.05) from pg_stat_activity
          where usename = 'hms_api' and query like any ($1) limit 1`,
        [hospitals.map(({ slug }) => `%${schemaOf(slug)}%`)],
      );
      hits += rowCount ?? 0;
    }
    return hits;
  });
  return {
    stop: () => {
      stopped = true;
      return run;
    },
  };
}

describe('ten thousand operations of twenty hospitals on one connection', () => {
  it(
    'see no row of another hospital, through errors, cancels and lost backends',
    async () => {
      const db = new HospitalDatabase({
        url: url('DATABASE_URL'),
        poolSize: 1,
        maxClients: 10,
        maxWaitMs: 20_000,
        onError: () => undefined,
      });
      const saboteur = sabotage();
      const tally = await interleave(OPERATIONS, visitThrough(db));
      const hits = await saboteur.stop();
      expect(db.stats).toMatchObject({ clients: 10, waiting: 0 });
      await db.close();
      expect(tally.foreign).toBe(0);
      expect(hits).toBeGreaterThan(10);
      expect(tally.failed).toBeGreaterThan(500);
      expect(tally.completed).toBeGreaterThan(OPERATIONS * 0.8);
      await withOwner(url('DATABASE_DIRECT_URL'), async (owner) => {
        for (const { slug } of hospitals) {
          const { rows } = await owner.query<{ name: string }>(`select distinct name from ${schemaOf(slug)}.ward`);
          expect(rows).toEqual([{ name: slug }]);
        }
      });
    },
    2 * PATIENCE,
  );

  it(
    'would be caught if they did: a search_path set on the session shows foreign rows',
    async () => {
      const pool = new pg.Pool({ connectionString: url('DATABASE_DIRECT_URL'), max: 1 });
      const naive: Visit = async (hospital) => {
        await pool.query(`set search_path = ${schemaOf(hospital.slug)}`);
        const { rows } = await pool.query<{ name: string }>('select name from ward limit 5');
        return rows.map(({ name }) => name);
      };
      const tally = await interleave(200, naive);
      await pool.end();
      expect(tally.foreign).toBeGreaterThan(0);
    },
    PATIENCE,
  );
});
