import { findHospital, hospitalRef, OperatorError, provisionHospital, repeatVictims } from '@hms/database';
import { DataKeys, PgDataKeyStore, type FieldCipher, type KeyProvider } from '@hms/encryption';
import pg from 'pg';
import { inTransaction } from '../in-transaction.js';
import type { Account, Login } from './account.js';
import { seedMemberships, settleAccounts, settleGateway, superAdmin } from './accounts.js';
import { type DemoFile, type DemoHospital } from './demo-file.js';
import { describeHospital } from './describe-hospital.js';
import { type HospitalDefinition } from './hospitals.js';
import { planHospital, type HospitalPlan } from './plan.js';
import { featureSeeds } from './seeds/index.js';

export interface SeedOptions {
  readonly definitions: readonly HospitalDefinition[];
  readonly superAdminEmail: string;
  readonly seed: string;
  readonly now: Date;
  /** Wraps the keys of what is stored encrypted. */
  readonly keyProvider: KeyProvider;
  /** What an earlier run wrote: its passwords and keys are kept as long as they work. */
  readonly written: DemoFile | undefined;
}

/**
 * Makes the demo complete and says how to use it. Whatever is there already stays as it is, so that an interrupted run
 * is finished by the next one and a finished one changes nothing.
 *
 * @param owner a direct connection of the login that owns the database
 */
export async function seedDemo(owner: pg.Client, options: SeedOptions): Promise<DemoHospital[]> {
  await owner.query(`select pg_advisory_lock(hashtext('hms.demo'))`); // released with the connection
  const { plans, accounts } = planDemo(options);
  const { written } = options;
  for (const plan of plans) await ensureHospital(owner, plan);
  const keys = new DataKeys(new PgDataKeyStore(owner), options.keyProvider);
  const logins = await settleAccounts(owner, accounts, {
    written: written?.hospitals.flatMap((hospital) => hospital.users) ?? [],
    cipher: await keys.cipherFor(null),
  });
  const hospitals: DemoHospital[] = [];
  for (const plan of plans) {
    const before = written?.hospitals.find(({ slug }) => slug === plan.definition.slug);
    const context = { ...options, plan, before, cipher: await keys.cipherFor(plan.id) };
    const gatewayKey = await inTransaction(owner, () => seedHospital(owner, context));
    hospitals.push(await describeHospital(owner, plan, { users: usersOf(plan, logins), gatewayKey }));
  }
  return hospitals;
}

/** Creates the hospital unless it is there, perhaps under a name that was changed since. */
async function ensureHospital(owner: pg.Client, { id, definition }: HospitalPlan): Promise<void> {
  const existing = await findHospital(owner, hospitalRef({ id, slug: definition.slug }).slug);
  if (existing && existing.id !== id) {
    throw new OperatorError(`There is a hospital ${definition.slug} already, and it is not the demo's.`);
  }
  if (existing?.status === 'active') return;
  await provisionHospital(owner, { ...definition, id });
}

interface HospitalSeed extends Pick<SeedOptions, 'seed' | 'now'> {
  readonly plan: HospitalPlan;
  readonly before: DemoHospital | undefined;
  readonly cipher: FieldCipher;
}

async function seedHospital(owner: pg.Client, { plan, before, cipher, seed, now }: HospitalSeed): Promise<string> {
  const schema = pg.escapeIdentifier(`hospital_${plan.definition.slug}`);
  await seedMemberships(owner, plan);
  const gatewayKey = await settleGateway(owner, plan, before);
  for (const seedFeature of featureSeeds) await seedFeature({ owner, plan, schema, seed, now, cipher });
  return gatewayKey;
}

/** The platform's super admin is listed with every hospital. */
function usersOf(plan: HospitalPlan, logins: readonly Login[]): Login[] {
  const emails = new Set(plan.users.map((user) => user.email));
  return logins.filter((login) => login.role === 'super_admin' || emails.has(login.email));
}

/** Deletes the demo hospitals and their users with all that hangs on them, as far as they exist. */
export async function deleteDemo(owner: pg.Client, options: SeedOptions): Promise<void> {
  const { plans, accounts } = planDemo(options);
  // Jobs look into every hospital meanwhile, which may be a deadlock.
  await repeatVictims(() => inTransaction(owner, () => deleteRows(owner, plans, accounts)));
}

function planDemo(options: SeedOptions): { plans: HospitalPlan[]; accounts: Account[] } {
  const { definitions, seed, now, superAdminEmail } = options;
  const plans = definitions.map((definition) => planHospital(definition, seed, now));
  return { plans, accounts: [superAdmin(seed, superAdminEmail), ...plans.flatMap((plan) => plan.users)] };
}

async function deleteRows(
  owner: pg.Client,
  plans: readonly HospitalPlan[],
  accounts: readonly Account[],
): Promise<void> {
  const ids = [plans.map((plan) => plan.id), accounts.map((account) => account.id)];
  for (const { definition } of plans) {
    const schema = pg.escapeIdentifier(`hospital_${definition.slug}`);
    await owner.query(`drop schema if exists ${schema} cascade`);
    await owner.query(`drop role if exists ${schema}`);
  }
  const sessions = 'select id from public.session where hospital_id = any($1) or user_id = any($2)';
  await owner.query(`delete from public.refresh_token where session_id in (${sessions})`, ids);
  await owner.query(`delete from public.session where id in (${sessions})`, ids);
  await owner.query('delete from public.mfa_challenge where hospital_id = any($1) or user_id = any($2)', ids);
  for (const table of ['totp_factor', 'recovery_code', 'password_reset']) {
    await owner.query(`delete from public.${table} where user_id = any($1)`, ids.slice(1));
  }
  await owner.query('delete from public.invitation where hospital_id = any($1) or user_id = any($2)', ids);
  await owner.query('delete from public.membership where hospital_id = any($1) or user_id = any($2)', ids);
  const devices = 'select id from sync.device where hospital_id = any($1) or user_id = any($2)';
  await owner.query(`delete from sync.number_block where device_id in (${devices})`, ids);
  await owner.query(`delete from sync.device where id in (${devices})`, ids);
  for (const table of ['alarm_agenda', 'gateway_key', 'gateway', 'ingest_epoch', 'data_key', 'calendar_feed']) {
    await owner.query(`delete from public.${table} where hospital_id = any($1)`, ids.slice(0, 1));
  }
  await owner.query('delete from public.app_user where id = any($1)', ids.slice(1));
  await owner.query('delete from public.hospital where id = any($1)', ids.slice(0, 1));
}
