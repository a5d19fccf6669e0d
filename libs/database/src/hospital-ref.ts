declare const brand: unique symbol;

/** A hospital's short name: `[a-z][a-z0-9_]{1,40}`, safe inside an SQL identifier. */
export type HospitalSlug = string & { readonly [brand]: 'HospitalSlug' };

/** A hospital's UUID. */
export type HospitalId = string & { readonly [brand]: 'HospitalId' };

/** A hospital that exists, as every database handle is asked for it. */
export interface HospitalRef {
  readonly id: HospitalId;
  readonly slug: HospitalSlug;
}

const SLUG = /^[a-z][a-z0-9_]{1,40}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isHospitalSlug = (value: string): value is HospitalSlug => SLUG.test(value);
export const isHospitalId = (value: string): value is HospitalId => UUID.test(value);

/** Parses what a row of `public.hospital` or a verified token says. */
export function hospitalRef(row: { id: string; slug: string }): HospitalRef {
  const { id, slug } = row;
  if (!isHospitalId(id) || !isHospitalSlug(slug)) throw new Error('not a hospital: its id or slug is malformed');
  return { id, slug };
}

/**
 * The hospital's schema, which is also the name of its PostgreSQL role. Checked here once more because Prisma's
 * adapter puts it into SQL unescaped.
 */
export function schemaOf(slug: HospitalSlug): string {
  if (!isHospitalSlug(slug)) throw new Error('not a hospital slug');
  return `hospital_${slug}`;
}
