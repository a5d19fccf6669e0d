import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { listHospitals } from '../hospitals/hospitals.js';
import { provisionHospital } from '../hospitals/provision-hospital.js';
import { lockWait } from '../testing/lock-wait.js';
import { schemaShape } from '../testing/schema-shape.js';
import { details, dropRoles, freshSlug, PATIENCE, withScratchDatabase } from '../testing/scratch.js';
import { migrateAll, migrateShared } from './migrate-all.js';
import { MIGRATIONS } from './migration-files.js';
import { withOwner } from './owner-connection.js';

const CHILD = fileURLToPath(new URL('../testing/migrate-child.mjs', import.meta.url));

/** A copy of this release's migrations, so that a test can take files away, edit or add some. */
async function withRelease(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hms-migrations-'));
  try {
    await cp(MIGRATIONS, folder, { recursive: true });
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What a hospital of the first release lacks. */
const later = readdirSync(join(MIGRATIONS, 'tenant'))
  .map((file) => basename(file, '.sql'))
  .sort()
  .slice(1);

/** An empty platform with the first migrations only, and hospitals in the order of their slugs. */
async function withOldPlatform(
  count: number,
  work: (platform: { owner: pg.Client; url: string; slugs: string[]; folder: string }) => Promise<void>,
): Promise<void> {
  const slugs = Array.from({ length: count }, freshSlug).sort();
  try {
    await withRelease((folder) =>
      withScratchDatabase((url) =>
        withOwner(url, async (owner) => {
          for (const name of later) await rm(join(folder, 'tenant', `${name}.sql`));
          await migrateShared(owner, folder);
          for (const slug of slugs) await provisionHospital(owner, details(slug), folder);
          await work({ owner, url, slugs, folder });
        }),
      ),
    );
  } finally {
    await dropRoles(slugs);
  }
}

const shapes = (owner: pg.Client, slugs: string[]): Promise<string[][]> =>
  slugs.reduce<Promise<string[][]>>(
    async (before, slug) => [...(await before), await schemaShape(owner, `hospital_${slug}`)],
    Promise.resolve([]),
  );

async function exitOf(child: ChildProcess): Promise<unknown> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code;
}

describe('migrating every hospital', () => {
  it(
    'ends with five equal schemas after being killed at the third and run again',
    () =>
      withOldPlatform(5, async ({ owner, url, slugs }) => {
        // The telemetry file wants a foreign key to ward: with this lock it stops in the middle of the third hospital.
        await owner.query('begin');
        await owner.query(`lock table hospital_${slugs[2] ?? ''}.ward in row exclusive mode`);
        const killed = spawn(process.execPath, [CHILD, url]);
        const exit = exitOf(killed);
        await lockWait('create table device');
        killed.kill('SIGKILL');
        expect(await exit).toBe('SIGKILL');
        await owner.query('rollback');

        const [first, second, third, fourth, fifth] = await shapes(owner, slugs);
        expect(second).toEqual(first);
        expect(third).not.toEqual(first);
        expect(fourth).toEqual(third);
        expect(fifth).toEqual(third);

        expect(await exitOf(spawn(process.execPath, [CHILD, url], { stdio: 'inherit' }))).toBe(0);
        const all = await shapes(owner, slugs);
        for (const shape of all) expect(shape).toEqual(first);
      }),
    90_000,
  );

  it(
    'is run by two processes at once without harm',
    () =>
      withOldPlatform(2, async ({ owner, url, slugs }) => {
        const runs = await Promise.all([
          withOwner(url, (one) => migrateAll(one)),
          withOwner(url, (two) => migrateAll(two)),
        ]);
        const applied = runs.flat().flatMap((result) => result.applied);
        expect(applied).toEqual([...later, ...later]);
        const [first, second] = await shapes(owner, slugs);
        expect(second).toEqual(first);
      }),
    PATIENCE,
  );

  it(
    'goes on after a hospital that fails, which keeps its old tables',
    () =>
      withOldPlatform(3, async ({ owner, slugs, folder }) => {
        const [, broken = ''] = slugs;
        await owner.query(`create table hospital_${broken}.extra ()`);
        await writeFile(join(folder, 'tenant', '0002_a.sql'), 'create table before_it ();');
        await writeFile(join(folder, 'tenant', '0003_b.sql'), 'create table extra ();');
        const results = await migrateAll(owner, { migrations: folder });
        expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'failed', 'done']);
        expect(results[3]?.error).toMatchObject({
          message: `Schema hospital_${broken}: 0003_b failed and was rolled back: relation "extra" already exists`,
        });
        const { rowCount } = await owner.query('select where to_regclass($1) is null', [
          `hospital_${broken}.before_it`,
        ]);
        expect(rowCount).toBe(1);
      }),
    PATIENCE,
  );

  it(
    'refuses to run when a file was edited after it was applied',
    () =>
      withOldPlatform(1, async ({ owner, folder, slugs }) => {
        const file = join(folder, 'tenant', '0001_patients.sql');
        await writeFile(file, '-- nothing left');
        const results = await migrateAll(owner, { migrations: folder });
        expect(results[2]?.error).toMatchObject({
          message: `Schema hospital_${slugs[0] ?? ''}: 0001_patients was edited after it was applied; restore it and put the change into a new file.`,
        });
      }),
    PATIENCE,
  );

  it(
    'leaves a hospital alone whose creation was interrupted',
    () =>
      withOldPlatform(1, async ({ owner }) => {
        await owner.query(`update public.hospital set status = 'provisioning'`);
        const results = await migrateAll(owner);
        expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'unfinished']);
        expect((await listHospitals(owner)).map(({ status }) => status)).toEqual(['provisioning']);
      }),
    PATIENCE,
  );
});
