import { join } from 'node:path';
import pg from 'pg';
import { constraintOf } from '../clients/sql-errors.js';
import { type HospitalSlug, isHospitalSlug, schemaOf } from '../hospital-ref.js';
import { MIGRATIONS } from '../migrate/migration-files.js';
import { migrateSchema, withSchemaLock } from '../migrate/migrate-schema.js';
import { OperatorError } from '../operator-error.js';
import { findHospital, type Hospital } from './hospitals.js';

export interface NewHospital {
  /** UUIDv7; used only when the hospital does not exist yet. */
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly country: string;
  readonly currency: string;
  readonly timezone: string;
}

const PG16 = 160_000;
const FORMS = {
  slug: '2 to 41 of a-z, 0-9 and _, starting with a letter',
  name: '1 to 200 characters',
  country: 'two capital letters (ISO 3166), such as KE',
  currency: 'three capital letters (ISO 4217), such as KES',
  timezone: 'an IANA name, such as Africa/Nairobi',
};
const DETAILS = ['name', 'country', 'currency', 'timezone'] as const;

/**
 * Creates a hospital: its row, schema, role and tables; it is active once all of them exist. Calling it again with
 * the same details finishes what a crash left undone and otherwise changes nothing.
 *
 * @param owner a direct connection of the login that owns the database and may create roles
 */
export async function provisionHospital(
  owner: pg.Client,
  wanted: NewHospital,
  migrations: string = MIGRATIONS,
): Promise<Hospital> {
  const slug = checked(wanted);
  const schema = schemaOf(slug);
  return withSchemaLock(owner, schema, async () => {
    await insertRow(owner, wanted);
    const hospital = await findHospital(owner, slug);
    if (!hospital) throw new Error(`hospital ${slug} vanished while it was created`);
    const other = DETAILS.find((detail) => hospital[detail] !== wanted[detail]);
    if (other) throw new OperatorError(`Hospital ${slug} exists already, with ${other} "${hospital[other]}".`);
    await owner.query(`create schema if not exists ${pg.escapeIdentifier(schema)}`);
    await ensureRole(owner, schema);
    await migrateSchema(owner, schema, join(migrations, 'tenant'));
    if (hospital.status !== 'provisioning') return hospital;
    await owner.query(`update public.hospital set status = 'active' where id = $1`, [hospital.id]);
    return { ...hospital, status: 'active' };
  });
}

async function insertRow(owner: pg.Client, wanted: NewHospital): Promise<void> {
  const { id, slug, name, country, currency, timezone } = wanted;
  try {
    await owner.query(
      `insert into public.hospital (id, slug, name, country, currency, timezone) values ($1, $2, $3, $4, $5, $6)
       on conflict (slug) do nothing`,
      [id, slug, name, country, currency, timezone],
    );
  } catch (err) {
    if (constraintOf(err) === 'hospital_timezone_check') throw refused('timezone', wanted);
    throw err;
  }
}

function checked(wanted: NewHospital): HospitalSlug {
  if (!isHospitalSlug(wanted.slug)) throw refused('slug', wanted);
  if (wanted.name.length < 1 || wanted.name.length > 200) throw refused('name', wanted);
  if (!/^[A-Z]{2}$/.test(wanted.country)) throw refused('country', wanted);
  if (!/^[A-Z]{3}$/.test(wanted.currency)) throw refused('currency', wanted);
  return wanted.slug;
}

const refused = (field: keyof typeof FORMS, wanted: NewHospital): OperatorError =>
  new OperatorError(`"${wanted[field]}" cannot be a hospital's ${field}: give ${FORMS[field]}.`);

/** The role that transactions on this hospital take. It cannot log in, and hms_api holds it without inheriting it. */
async function ensureRole(owner: pg.Client, role: string): Promise<void> {
  const name = pg.escapeIdentifier(role);
  const { rows } = await owner.query<{ exists: boolean; version: number }>(
    `select exists (select from pg_roles where rolname = $1) as exists,
            current_setting('server_version_num')::int as version`,
    [role],
  );
  const [server] = rows;
  if (!server?.exists) await owner.query(`create role ${name} nologin`);
  // Until PostgreSQL 15 inheriting is the member's choice (hms_api is NOINHERIT), since then the membership's.
  const options = (server?.version ?? 0) >= PG16 ? 'with inherit false, set true' : '';
  await owner.query(`grant ${name} to hms_api ${options}`);
}
