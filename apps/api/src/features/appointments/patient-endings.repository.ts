import { Injectable } from '@nestjs/common';
import { schemaSql, type TenantTx } from '@hms/database';

export type EndedEntity = 'appointment' | 'queue-token' | 'waitlist-entry';

@Injectable()
export class PatientEndingsRepository {
  /** What the database ended of a patient in this transaction. */
  listEnded(tx: TenantTx, patientId: string): Promise<{ readonly entity: EndedEntity; readonly ids: string[] }[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw`
      select e.entity, array_agg(e.id order by e.id) as ids
        from (select 'appointment' as entity, a.id from ${schema}.appointment a
               where a.patient_id = ${patientId}::uuid and a.status = 'cancelled' and a.cancelled_at = now()
              union all
              select 'queue-token', t.id from ${schema}.queue_token t
               where t.patient_id = ${patientId}::uuid and t.status = 'left' and t.updated_at = now()
              union all
              select 'waitlist-entry', w.id from ${schema}.waitlist_entry w
               where w.patient_id = ${patientId}::uuid and w.closed_at = now()) e
       group by e.entity order by e.entity`;
  }
}
