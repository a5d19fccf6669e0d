import { Injectable } from '@nestjs/common';
import { type HospitalCondition, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';

const cameTo = (schema: string): string => `exists (
  select from ${schema}.encounter e
   where e.appointment_id = a.id and e.status not in ('planned', 'cancelled', 'entered-in-error'))`;

/** Where there are any. */
export const someMissed: HospitalCondition = (schema) => `exists (
  select from ${schema}.appointment a, ${schema}.scheduling_setting s
   where a.status in ('booked', 'confirmed')
         and lower(a.during) <= now() - s.no_show_grace_minutes * interval '1 minute' and not ${cameTo(schema)})`;

@Injectable()
export class MissedAppointmentsRepository {
  /**
   * Appointments whose patient did not come in the time the hospital gives them, the longest ago first. Without those
   * somebody changes right now, the patient may be at the desk, and those of which an encounter says that they came.
   */
  async listMissed(tx: TenantTx, now: Date, most: number): Promise<string[]> {
    const schema = schemaSql(tx.hospital);
    const rows = await tx.$queryRaw<{ id: string }[]>`
      select a.id from ${schema}.appointment a
       where a.status in ('booked', 'confirmed')
             and lower(a.during) <= ${now}::timestamptz
                 - (select s.no_show_grace_minutes from ${schema}.scheduling_setting s) * interval '1 minute'
             and not ${TenantPrisma.raw(cameTo(schema.sql))}
       order by lower(a.during) limit ${most} for no key update of a skip locked`;
    return rows.map(({ id }) => id);
  }
}
