import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type HospitalRef, type HospitalSlug, isHospitalSlug } from '../hospital-ref.js';
import { withOwner } from '../migrate/owner-connection.js';
import { schemaShape } from '../testing/schema-shape.js';
import { createHospitals, details, dropHospitals, freshSlug, PATIENCE, url } from '../testing/scratch.js';
import { findHospital, resumeHospital, suspendHospital } from './hospitals.js';
import { provisionHospital } from './provision-hospital.js';

const made: HospitalSlug[] = [];
const direct = url('DATABASE_DIRECT_URL');
let reference: HospitalRef;

function newSlug(): HospitalSlug {
  const slug = freshSlug();
  if (!isHospitalSlug(slug)) throw new Error(slug);
  made.push(slug);
  return slug;
}

beforeAll(async () => {
  [reference] = (await createHospitals(1)) as [HospitalRef];
  made.push(reference.slug);
}, PATIENCE);
afterAll(() => dropHospitals(made), PATIENCE);

/** Migrations of a hospital, as many kinds of step as the real ones have, but soon done: a table, its rows and its rights. */
async function withSmallRelease(work: (migrations: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hms-small-release-'));
  const steps = ['create table bed (no int)', 'insert into bed values (1)', 'grant select on bed to hms_hospital'];
  try {
    await mkdir(join(folder, 'tenant'));
    for (const [n, sql] of steps.entries())
      await writeFile(join(folder, 'tenant', `000${n + 1}_step.sql`), `${sql};\n`);
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Provisions on a connection that breaks instead of sending its statement number `fatal`. */
async function provisionUntil(fatal: number, slug: HospitalSlug, migrations?: string): Promise<'finished' | 'died'> {
  const owner = new pg.Client({ connectionString: direct });
  owner.on('error', () => undefined);
  await owner.connect();
  const send = owner.query.bind(owner) as (...args: unknown[]) => Promise<unknown>;
  let sent = 0;
  Object.assign(owner, {
    query: (...args: unknown[]) => {
      sent += 1;
      if (sent < fatal) return send(...args);
      return owner.end().then(() => Promise.reject(new Error('the power went')));
    },
  });
  try {
    await provisionHospital(owner, details(slug), migrations);
    return 'finished';
  } catch {
    return 'died';
  } finally {
    await owner.end();
  }
}

describe('creating a hospital', () => {
  it(
    'finishes when repeated, whichever statement the crash came before',
    () =>
      withSmallRelease(async (migrations) => {
        const [slug, untouched] = [newSlug(), newSlug()];
        const states = new Set<string | undefined>();
        await withOwner(direct, async (owner) => {
          await provisionHospital(owner, details(untouched), migrations);
          let fatal = 1;
          while ((await provisionUntil(fatal, slug, migrations)) === 'died') {
            states.add((await findHospital(owner, slug))?.status);
            fatal += 1;
          }
          expect(fatal).toBeGreaterThan(20);
          expect([...states]).toEqual([undefined, 'provisioning']);
          const expected = await schemaShape(owner, `hospital_${untouched}`);
          expect(await schemaShape(owner, `hospital_${slug}`)).toEqual(expected);
          expect((await owner.query(`select from hospital_${slug}.bed`)).rowCount).toBe(1);
          expect(await findHospital(owner, slug)).toMatchObject({ status: 'active' });
        });
      }),
    PATIENCE,
  );

  it(
    'finishes when repeated after a crash in the middle of the migrations of this release',
    async () => {
      const slug = newSlug();
      expect(await provisionUntil(40, slug)).toBe('died');
      await withOwner(direct, async (owner) => {
        expect(await findHospital(owner, slug)).toMatchObject({ status: 'provisioning' });
        await provisionHospital(owner, details(slug));
        const expected = await schemaShape(owner, `hospital_${reference.slug}`);
        expect(await schemaShape(owner, `hospital_${slug}`)).toEqual(expected);
        expect(await findHospital(owner, slug)).toMatchObject({ status: 'active' });
      });
    },
    PATIENCE,
  );

  it('happens once when two processes ask for the same', async () => {
    const wanted = details(newSlug());
    const create = (): Promise<HospitalRef> => withOwner(direct, (owner) => provisionHospital(owner, wanted));
    const [one, other] = await Promise.all([create(), create()]);
    expect(other.id).toBe(one.id);
  });

  it('refuses a slug that is taken by another hospital', async () => {
    const wanted = { ...details(reference.slug), name: 'Another' };
    await withOwner(direct, async (owner) => {
      await expect(provisionHospital(owner, wanted)).rejects.toThrow('exists already, with name "Test ');
    });
  });

  it.each([
    [{ slug: 'No' }, '"No" cannot be a hospital\'s slug'],
    [{ country: 'KEN' }, "cannot be a hospital's country"],
    [{ currency: 'kes' }, "cannot be a hospital's currency"],
    [{ timezone: 'Mars/Olympus' }, "cannot be a hospital's timezone"],
    [{ name: '' }, "cannot be a hospital's name"],
  ])('says in one line what is wrong with %j', async (wrong, line) => {
    const slug = freshSlug();
    await withOwner(direct, async (owner) => {
      await expect(provisionHospital(owner, { ...details(slug), ...wrong })).rejects.toThrow(line);
      expect(await owner.query('select from public.hospital where slug = $1', [slug])).toMatchObject({ rowCount: 0 });
    });
  });

  it('does not undo a suspension when repeated', async () => {
    const slug = newSlug();
    const wanted = details(slug);
    await withOwner(direct, async (owner) => {
      await provisionHospital(owner, wanted);
      expect(await suspendHospital(owner, slug)).toMatchObject({ status: 'suspended' });
      expect(await provisionHospital(owner, wanted)).toMatchObject({ status: 'suspended' });
      expect(await resumeHospital(owner, slug)).toMatchObject({ status: 'active' });
    });
  });
});
