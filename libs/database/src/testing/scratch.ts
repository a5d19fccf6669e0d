import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { repeatVictims } from '../clients/repeat-victims.js';
import { type HospitalRef, type HospitalSlug, schemaOf } from '../hospital-ref.js';
import { provisionHospital } from '../hospitals/provision-hospital.js';
import { migrateShared } from '../migrate/migrate-all.js';
import { withOwner } from '../migrate/owner-connection.js';

/** A deadline for tests that migrate, in milliseconds: they take a second or two, and far longer on a busy machine. */
export const PATIENCE = 60_000;

type Url = 'DATABASE_URL' | 'DATABASE_DIRECT_URL' | 'DATABASE_SUPERUSER_URL';

/** A URL of the servers the tests run against. */
export function url(name: Url): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is missing: integration tests need the test servers`);
  return value;
}

/** A slug no other run uses. */
export const freshSlug = (): string => `t${randomBytes(6).toString('hex')}`;

export const details = (slug: string): Parameters<typeof provisionHospital>[1] => ({
  id: randomUUID(),
  slug,
  name: `Test ${slug}`,
  country: 'KE',
  currency: 'KES',
  timezone: 'Africa/Nairobi',
});

/** PostgreSQL makes schemas on as many cores as it is asked by connections. */
const CREATED_AT_ONCE = 2;

/** Creates hospitals that no other test sees. */
export async function createHospitals(count: number): Promise<HospitalRef[]> {
  const hospitals: HospitalRef[] = [];
  const slugs = Array.from({ length: count }, freshSlug).values();
  const create = (): Promise<void> =>
    withOwner(url('DATABASE_DIRECT_URL'), async (owner) => {
      for (const slug of slugs) hospitals.push(await provisionHospital(owner, details(slug)));
    });
  await withOwner(url('DATABASE_DIRECT_URL'), (owner) => migrateShared(owner));
  await Promise.all(Array.from({ length: Math.min(count, CREATED_AT_ONCE) }, create));
  return hospitals;
}

/** Removes hospitals with everything that hangs on them in the shared schema, whatever state they are in. */
export async function dropHospitals(slugs: readonly HospitalSlug[]): Promise<void> {
  await withOwner(url('DATABASE_DIRECT_URL'), async (owner) => {
    for (const slug of slugs) await repeatVictims(() => drop(owner, slug));
  });
  await dropRoles(slugs);
}

/** To be repeated: others drop theirs at the same time, which may be a deadlock. */
async function drop(owner: pg.Client, slug: HospitalSlug): Promise<void> {
  await owner.query(`drop schema if exists ${pg.escapeIdentifier(schemaOf(slug))} cascade`);
  for (const table of ['public.membership', 'public.ingest_epoch', 'sync.device']) {
    await owner.query(`delete from ${table} where hospital_id = (select id from public.hospital where slug = $1)`, [
      slug,
    ]);
  }
  await owner.query('delete from public.hospital where slug = $1', [slug]);
}

/** Roles belong to the whole cluster and outlive the database their hospital was in. */
export function dropRoles(slugs: readonly string[]): Promise<void> {
  return withOwner(url('DATABASE_DIRECT_URL'), async (owner) => {
    for (const slug of slugs) await owner.query(`drop role if exists ${pg.escapeIdentifier(`hospital_${slug}`)}`);
  });
}

/** Runs `work` on an empty database of its own, given the owner's direct URL of it. */
export async function withScratchDatabase(work: (ownerUrl: string) => Promise<void>): Promise<void> {
  const name = `hms_${freshSlug()}`;
  const on = (server: Url): string => Object.assign(new URL(url(server)), { pathname: `/${name}` }).href;
  await withOwner(url('DATABASE_SUPERUSER_URL'), async (superuser) => {
    await superuser.query(`create database ${name} owner hms_owner`);
    try {
      await withOwner(on('DATABASE_SUPERUSER_URL'), (inside) =>
        inside.query(
          'create extension btree_gist; create extension pg_trgm; create extension unaccent; create extension citext',
        ),
      );
      await work(on('DATABASE_DIRECT_URL'));
    } finally {
      await superuser.query(`drop database ${name} with (force)`);
    }
  });
}
