import pg from 'pg';
import type { HospitalSlug } from '../hospital-ref.js';
import { OperatorError } from '../operator-error.js';

/** A sender of HL7 v2 that is let in without a key. */
export interface Hl7Source {
  readonly id: string;
  readonly hospital: string;
  /** Name of the gateway it acts as. */
  readonly gateway: string;
  /** Addresses it may come from. */
  readonly network: string;
  /** MSH-3 and MSH-4, as it sends them. */
  readonly application: string;
  readonly facility: string;
  /** IANA name: of times that state no zone. */
  readonly timezone: string | null;
}

const overlap = '23P01';

/** @throws OperatorError for a gateway that is not there, a network that is none, and what another source covers already */
export async function addHl7Source(
  owner: pg.ClientBase,
  slug: HospitalSlug,
  { id, gateway, network, application, facility, timezone }: Omit<Hl7Source, 'hospital'>,
): Promise<void> {
  try {
    const { rowCount } = await owner.query(
      `insert into public.hl7_source (id, hospital_id, gateway_id, network, application, facility, timezone)
       select $1, g.hospital_id, g.id, $2, $3, $4, $5
         from public.gateway g join public.hospital h on h.id = g.hospital_id
        where h.slug = $6 and g.name = $7`,
      [id, network, application, facility, timezone, slug, gateway],
    );
    if (rowCount === 0) throw new OperatorError(`Hospital ${slug} has no gateway ${gateway}.`);
  } catch (err) {
    if (!(err instanceof pg.DatabaseError)) throw err;
    if (err.code !== overlap) throw new OperatorError(`That is no source: ${err.message}.`, { cause: err });
    throw new OperatorError('Another source has that name in an overlapping network.', { cause: err });
  }
}

export async function listHl7Sources(owner: pg.ClientBase): Promise<Hl7Source[]> {
  const { rows } = await owner.query<Hl7Source>(
    `select s.id, h.slug as hospital, g.name as gateway, s.network::text, s.application, s.facility, s.timezone
       from public.hl7_source s
       join public.gateway g on g.id = s.gateway_id
       join public.hospital h on h.id = s.hospital_id
      order by h.slug, g.name, s.application, s.facility, s.network`,
  );
  return rows;
}

/** @throws OperatorError when it is not there */
export async function removeHl7Source(owner: pg.ClientBase, id: string): Promise<void> {
  const { rowCount } = await owner.query('delete from public.hl7_source where id::text = $1', [id]);
  if (rowCount === 0) throw new OperatorError(`There is no source ${id}.`);
}
