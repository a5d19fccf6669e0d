import pg from 'pg';
import { PrismaClient } from '../generated/tenant/client.js';
import { type HospitalRef, schemaOf } from '../hospital-ref.js';
import { withOwner } from '../migrate/owner-connection.js';
import { createHospitals, dropHospitals, PATIENCE, url } from '../testing/scratch.js';
import { HospitalDatabase } from './hospital-database.js';
import { ScopedAdapterFactory } from './scoped-adapter.js';
import { sqlState } from './sql-errors.js';

let ours: HospitalRef;
let theirs: HospitalRef;
let db: HospitalDatabase;

beforeAll(async () => {
  [ours, theirs] = (await createHospitals(2)) as [HospitalRef, HospitalRef];
  db = new HospitalDatabase({ url: url('DATABASE_URL'), poolSize: 2, onError: () => undefined });
  for (const hospital of [ours, theirs]) {
    await db.inHospital(hospital, (tx) => tx.ward.create({ data: { code: 'W1', name: hospital.slug } }));
  }
}, PATIENCE);
afterAll(async () => {
  await db.close();
  await dropHospitals([ours.slug, theirs.slug]);
}, PATIENCE);

const asOwner = <T>(work: (owner: pg.Client) => Promise<T>): Promise<T> => withOwner(url('DATABASE_DIRECT_URL'), work);
const stateOf = (work: Promise<unknown>): Promise<string | undefined> => work.then(() => 'no error', sqlState);

describe('the wall between hospitals', () => {
  it("denies SQL that names another hospital's table, which the owner may read", async () => {
    const sql = `select name from ${schemaOf(theirs.slug)}.ward`;
    const seen = db.inHospital(ours, (tx) => tx.$queryRawUnsafe(sql));
    await expect(stateOf(seen)).resolves.toBe('42501');
    await expect(stateOf(db.readInHospital(ours, (tx) => tx.$queryRawUnsafe(sql)))).resolves.toBe('42501');
    await expect(asOwner((owner) => owner.query(sql))).resolves.toMatchObject({ rows: [{ name: theirs.slug }] });
  });

  it.each([
    'insert into $.ward (id, code, name) values (gen_random_uuid(), $$X$$, $$X$$)',
    'update $.ward set active = false',
    'delete from $.ward',
    'truncate $.ward',
  ])('denies the write %s', async (sql) => {
    const statement = sql.replace('$.', `${schemaOf(theirs.slug)}.`);
    await expect(stateOf(db.inHospital(ours, (tx) => tx.$executeRawUnsafe(statement)))).resolves.toBe('42501');
  });

  it('is not crossed when a client of one schema runs with the role of another', async () => {
    const pool = new pg.Pool({ connectionString: url('DATABASE_URL'), max: 1 });
    const scope = {
      schema: schemaOf(theirs.slug),
      role: schemaOf(ours.slug),
      statementTimeoutMs: 5_000,
      lockTimeoutMs: 3_000,
      onConnectionError: () => undefined,
    };
    const mixedUp = new PrismaClient({ adapter: new ScopedAdapterFactory(pool, scope) });
    await expect(stateOf(mixedUp.$transaction((tx) => tx.ward.findMany()))).resolves.toBe('42501');
    await mixedUp.$disconnect();
    await pool.end();
  });

  it('lets no query through outside a transaction', async () => {
    const pool = new pg.Pool({ connectionString: url('DATABASE_URL'), max: 1 });
    const scope = {
      schema: schemaOf(ours.slug),
      statementTimeoutMs: 5_000,
      lockTimeoutMs: 3_000,
      onConnectionError: () => undefined,
    };
    const walled = new PrismaClient({ adapter: new ScopedAdapterFactory(pool, { ...scope, role: scope.schema }) });
    await expect(walled.ward.findMany()).rejects.toThrow('only reached inside inHospital()');
    const withoutOurCheck = new PrismaClient({ adapter: new ScopedAdapterFactory(pool, scope) });
    await expect(stateOf(withoutOurCheck.ward.findMany())).resolves.toBe('42501');
    await walled.$disconnect();
    await withoutOurCheck.$disconnect();
    await pool.end();
  });

  it("leaves nothing of a hospital's role on the connection", async () => {
    await db.inHospital(ours, (tx) => tx.ward.count());
    await db.inHospital(ours, (tx) => tx.bed.create({ data: { wardId: ours.id, label: '1' } })).catch(() => undefined);
    const { rows } = await pooled((client) =>
      client.query(`select current_user as role, current_setting('search_path') as path`),
    );
    expect(rows).toEqual([{ role: 'hms_api', path: '"$user", public' }]);
  });

  it('stands on a login that owns nothing and may do nothing special', async () => {
    const { rows } = await asOwner((owner) =>
      owner.query(
        `select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication as special, rolinherit as inherits,
                exists (select from pg_shdepend d where d.refobjid = r.oid and d.deptype = 'o') as owns
           from pg_roles r where rolname = 'hms_api'`,
      ),
    );
    expect(rows).toEqual([{ special: false, inherits: false, owns: false }]);
  });

  it('stands on roles: hms_api may use no hospital by itself, and each role exactly one', async () => {
    const roles = await asOwner((owner) =>
      owner.query<{ role: string; schemas: string[]; login: boolean }>(
        `select r.rolname as role, r.rolcanlogin as login,
                array(select n.nspname::text from pg_namespace n
                       where n.nspname like 'hospital\\_%' and has_schema_privilege(r.oid, n.oid, 'usage')) as schemas
           from pg_roles r where r.rolname = 'hms_api' or r.rolname like 'hospital\\_%'`,
      ),
    );
    // Judged by the roles it has, not by those it may take: a member that does not inherit has no right of its own.
    expect(roles.rows.find(({ role }) => role === 'hms_api')).toMatchObject({ schemas: [] });
    for (const hospital of [ours, theirs]) {
      const schema = schemaOf(hospital.slug);
      const role = roles.rows.find((row) => row.role === schema);
      expect(role).toMatchObject({ login: false, schemas: [schema] });
    }
  });
});

/** A bare statement of hms_api through PgBouncer, as the application would send it past our library. */
async function pooled<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url('DATABASE_URL') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
