import { Injectable } from '@nestjs/common';
import type { AlarmPriority } from '@hms/contracts';
import { type HospitalCondition, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { heardOf, isSilent } from './silence.sql.js';

export interface SilenceAlarm {
  readonly id: string;
  readonly wardId: string;
  readonly priority: AlarmPriority;
}

export interface SilentCount {
  readonly ward: string;
  readonly devices: number;
}

const silent = TenantPrisma.raw(isSilent);
const since = TenantPrisma.raw(heardOf);

const inUse = (schema: string): string => `${schema}.device d
  join ${schema}.device_assignment a on a.device_id = d.id and a.valid @> now()
  left join ${schema}.device_health h on h.device_no = d.device_no`;
const devicesInUse = (tx: TenantTx): TenantPrisma.Sql => TenantPrisma.raw(inUse(schemaSql(tx.hospital).sql));

/** Where a device is silent, or was the last time. */
export const silenceToTell: HospitalCondition = (schema) => `(
  exists (select from ${inUse(schema)} where ${isSilent})
  or exists (select from ${schema}.alarm where rule = 'device-silent' and state <> 'resolved'))`;

/** Technical alarms of devices that fell silent. The unique index on open alarms decides when two raise one at once. */
@Injectable()
export class SilentDevicesRepository {
  /** A silence somebody has ended by hand is not raised again: it began when that one began. */
  raise(tx: TenantTx): Promise<SilenceAlarm[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<SilenceAlarm[]>`
      with raised as (
        insert into ${schema}.alarm (id, kind, rule, patient_id, ward_id, device_id, priority, state, started_at,
                                     last_seen_at, raised_at)
        select gen_random_uuid(), 'technical', 'device-silent', a.patient_id, a.ward_id, d.id, 'medium', 'raised', ${since},
               now(), now()
          from ${devicesInUse(tx)}
         where ${silent}
        on conflict do nothing
        returning id, ward_id, priority),
      told as (insert into ${schema}.alarm_event (alarm_id, kind) select id, 'raised' from raised)
      select id, ward_id as "wardId", priority from raised`;
  }

  /** Ends those of devices that were heard of again, or that nobody has on any more. */
  resolve(tx: TenantTx): Promise<SilenceAlarm[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<SilenceAlarm[]>`
      with ended as (
        update ${schema}.alarm m set state = 'resolved', ended_at = now(), normal_since = now()
         where m.rule = 'device-silent' and m.state <> 'resolved'
           and not exists (select from ${devicesInUse(tx)}
                            where d.id = m.device_id and a.patient_id = m.patient_id and ${silent})
        returning id, ward_id, priority),
      told as (insert into ${schema}.alarm_event (alarm_id, kind) select id, 'resolved' from ended)
      select id, ward_id as "wardId", priority from ended`;
  }

  /** By code of the ward, most first. */
  count(tx: TenantTx): Promise<SilentCount[]> {
    return tx.$queryRaw<SilentCount[]>`
      select w.code as ward, count(*)::int as devices
        from ${devicesInUse(tx)} join ${schemaSql(tx.hospital)}.ward w on w.id = a.ward_id
       where ${silent} group by w.code order by devices desc, ward`;
  }
}
