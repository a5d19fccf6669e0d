import { schemaOf, type Hospital } from '@hms/database';
import { asOwner } from './test-hospital.js';

/** A row of `audit_event` as a test looks at it. */
export interface AuditRow {
  readonly id: string;
  readonly actor_id: string | null;
  readonly actor_roles: string[];
  readonly action: string;
  readonly entity: string;
  readonly entity_ids: string[];
  readonly patient_ids: string[];
  readonly operation: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly ip: string | null;
  readonly session_id: string | null;
  readonly break_glass: string | null;
  readonly xid: string;
}

/** Rows of the hospital, or of the platform, in the order they were written; of one actor when given. */
export async function auditRows(hospital: Hospital | null, actorId?: string): Promise<AuditRow[]> {
  const schema = hospital ? schemaOf(hospital.slug) : 'public';
  const { rows } = await asOwner((owner) =>
    owner.query<AuditRow>(`select * from ${schema}.audit_event where $1::uuid is null or actor_id = $1 order by id`, [
      actorId ?? null,
    ]),
  );
  return rows;
}
