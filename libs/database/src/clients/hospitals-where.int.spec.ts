import { withOwner } from '../migrate/owner-connection.js';
import { type HospitalRef, schemaOf } from '../hospital-ref.js';
import { createHospitals, dropHospitals, PATIENCE, url } from '../testing/scratch.js';
import { HospitalDatabase } from './hospital-database.js';

let hospitals: HospitalRef[];
let db: HospitalDatabase;

beforeAll(async () => {
  hospitals = await createHospitals(3);
  db = new HospitalDatabase({ url: url('DATABASE_URL'), poolSize: 1, onError: () => undefined });
}, PATIENCE);
afterAll(async () => {
  await db.close();
  await dropHospitals(hospitals.map(({ slug }) => slug));
}, PATIENCE);

const slugs = (found: readonly HospitalRef[]): string[] => found.map(({ slug }) => slug);
const asOwner = (statement: (schema: string) => string, hospital: HospitalRef | undefined): Promise<unknown> =>
  withOwner(url('DATABASE_DIRECT_URL'), (owner) => owner.query(statement(hospital ? schemaOf(hospital.slug) : '')));

describe('asking many hospitals at once', () => {
  it('finds those in which the condition holds, however many there are', async () => {
    const [, second] = hospitals;
    await asOwner(
      (schema) => `insert into ${schema}.ward (id, code, name, created_by)
        select id, 'W', 'Ward', id from gen_random_uuid() id`,
      second,
    );
    const many = Array.from({ length: 40 }, () => hospitals).flat();
    const found = await db.hospitalsWhere(many, (schema) => `exists (select from ${schema}.ward)`);
    expect(slugs(found)).toEqual(Array(40).fill(second?.slug));
    expect(await db.hospitalsWhere(hospitals, () => 'false')).toEqual([]);
  });

  it('asks each with its own role, which may do no more than read', async () => {
    const own = await db.hospitalsWhere(
      hospitals,
      (schema) => `current_user = '${schema.replaceAll('"', '')}' and current_setting('transaction_read_only') = 'on'`,
    );
    expect(slugs(own)).toEqual(slugs(hospitals));
  });

  it('leaves the connection without a role', async () => {
    await db.hospitalsWhere(hospitals, () => 'true');
    expect(await db.describeConnection('select current_user as name')).toEqual({ name: 'hms_api' });
  });

  it('takes one that cannot be asked for one with something to do, and asks the others all the same', async () => {
    const [first, second] = hospitals;
    const condition = (schema: string): string => `exists (select from ${schema}.only_here)`;
    await asOwner((schema) => `create table ${schema}.only_here ()`, first);
    await asOwner((schema) => `grant select on ${schema}.only_here to ${schema}`, first);
    const found = await db.hospitalsWhere(
      [first, second].flatMap((hospital) => hospital ?? []),
      condition,
    );
    expect(slugs(found)).toEqual([second?.slug]);
  });
});
