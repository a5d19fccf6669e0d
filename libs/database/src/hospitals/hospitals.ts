import type pg from 'pg';
import { type HospitalRef, hospitalRef, type HospitalSlug } from '../hospital-ref.js';
import { OperatorError } from '../operator-error.js';

export type HospitalStatus = 'provisioning' | 'active' | 'suspended';

export interface Hospital extends HospitalRef {
  readonly name: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** ISO 4217. */
  readonly currency: string;
  /** IANA name. */
  readonly timezone: string;
  readonly status: HospitalStatus;
  readonly version: number;
}

type HospitalRow = Omit<Hospital, 'id' | 'slug'> & { id: string; slug: string };

const COLUMNS = 'id, slug, name, country, currency, timezone, status, version';

/** All hospitals in the order of their slugs. */
export async function listHospitals(owner: pg.Client): Promise<Hospital[]> {
  const { rows } = await owner.query<HospitalRow>(`select ${COLUMNS} from public.hospital order by slug`);
  return rows.map(toHospital);
}

export async function findHospital(owner: pg.Client, slug: HospitalSlug): Promise<Hospital | undefined> {
  const { rows } = await owner.query<HospitalRow>(`select ${COLUMNS} from public.hospital where slug = $1`, [slug]);
  return rows[0] && toHospital(rows[0]);
}

/** No one but a super admin gets in until it is resumed; data and gateways' keys stay. */
export const suspendHospital = (owner: pg.Client, slug: HospitalSlug): Promise<Hospital> =>
  changeStatus(owner, slug, 'active', 'suspended');

export const resumeHospital = (owner: pg.Client, slug: HospitalSlug): Promise<Hospital> =>
  changeStatus(owner, slug, 'suspended', 'active');

/** @param rowsPerSecond that each process of ingest takes of it; null for no limit */
export async function limitTelemetry(
  owner: pg.Client,
  slug: HospitalSlug,
  rowsPerSecond: number | null,
): Promise<Hospital> {
  await owner.query('update public.hospital set telemetry_rows_per_second = $2 where slug = $1', [slug, rowsPerSecond]);
  return existing(owner, slug);
}

async function changeStatus(
  owner: pg.Client,
  slug: HospitalSlug,
  from: HospitalStatus,
  to: HospitalStatus,
): Promise<Hospital> {
  await owner.query('update public.hospital set status = $3 where slug = $1 and status = $2', [slug, from, to]);
  const hospital = await existing(owner, slug);
  if (hospital.status !== to) throw new OperatorError(`Hospital ${slug} is ${hospital.status}, not ${from}.`);
  return hospital;
}

async function existing(owner: pg.Client, slug: HospitalSlug): Promise<Hospital> {
  const hospital = await findHospital(owner, slug);
  if (hospital) return hospital;
  throw new OperatorError(`There is no hospital ${slug}; "hms hospital list" shows those that exist.`);
}

const toHospital = (row: HospitalRow): Hospital => ({ ...row, ...hospitalRef(row) });
