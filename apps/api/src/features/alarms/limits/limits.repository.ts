import { Injectable } from '@nestjs/common';
import { alarmPriorities, type AlarmPriority, type VitalCode } from '@hms/contracts';
import { constraintOf, schemaSql, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';

/** For whom limits are; neither means the hospital. */
export interface LimitScope {
  readonly wardId: string | null;
  readonly patientId: string | null;
}

export interface LimitValues {
  readonly low: number | null;
  readonly high: number | null;
  readonly hysteresis: number;
  readonly persistSeconds: number;
  readonly priority: AlarmPriority;
}

export interface LimitRow extends LimitScope {
  readonly id: string;
  readonly vital: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly hysteresis: number;
  readonly persistSeconds: number;
  readonly priority: string;
  readonly version: number;
  readonly updatedAt: Date;
  readonly updatedBy: string | null;
}

const columns = {
  id: true,
  vital: true,
  wardId: true,
  patientId: true,
  low: true,
  high: true,
  hysteresis: true,
  persistSeconds: true,
  priority: true,
  version: true,
  updatedAt: true,
  updatedBy: true,
} as const;

export const priorityOf = (text: string): AlarmPriority => alarmPriorities.find((each) => each === text) ?? 'high';

@Injectable()
export class LimitsRepository {
  list(tx: TenantTx, scope: LimitScope): Promise<LimitRow[]> {
    return tx.alarmLimit.findMany({ where: { ...scope }, select: columns, orderBy: { vital: 'asc' } });
  }

  /** For each sign the nearest: the patient's, else that of the ward it is on now, else the hospital's. */
  effective(tx: TenantTx, patientId: string): Promise<LimitRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<LimitRow[]>`
      select distinct on (l.vital) l.id, l.vital, l.ward_id as "wardId", l.patient_id as "patientId", l.low, l.high,
             l.hysteresis, l.persist_seconds as "persistSeconds", l.priority, l.version, l.updated_at as "updatedAt",
             l.updated_by as "updatedBy"
        from ${schema}.alarm_limit l
        left join lateral (
          select a.ward_id from ${schema}.device_assignment a
           where a.patient_id = ${patientId}::uuid and a.valid @> now() order by lower(a.valid) desc limit 1) here on true
       where l.patient_id = ${patientId}::uuid
             or l.patient_id is null and (l.ward_id is null or l.ward_id = here.ward_id)
       order by l.vital, l.patient_id nulls last, l.ward_id nulls last`;
  }

  /** Undefined when somebody made one meanwhile. */
  async insert(
    tx: TenantTx,
    key: LimitScope & { readonly vital: VitalCode },
    values: LimitValues,
    by: string,
  ): Promise<LimitRow | undefined> {
    const data = { id: uuidv7(), ...key, ...values, createdBy: by, updatedBy: by };
    try {
      return await tx.alarmLimit.create({ data, select: columns });
    } catch (err) {
      if (constraintOf(err) === 'alarm_limit_vital_ward_id_patient_id_key') return undefined;
      throw err;
    }
  }

  /** Undefined when the limit is not of that version any more. */
  async update(
    tx: TenantTx,
    key: LimitScope & { readonly vital: VitalCode; readonly version: number },
    values: LimitValues,
    by: string,
  ): Promise<LimitRow | undefined> {
    const [changed] = await tx.alarmLimit.updateManyAndReturn({
      where: { ...key },
      data: { ...values, updatedBy: by },
      select: columns,
    });
    return changed;
  }

  async find(tx: TenantTx, key: LimitScope & { readonly vital: VitalCode }): Promise<LimitRow | null> {
    return tx.alarmLimit.findFirst({ where: { ...key }, select: columns });
  }

  /** False when the limit is not of that version any more. */
  async delete(tx: TenantTx, id: string, version: number): Promise<boolean> {
    const { count } = await tx.alarmLimit.deleteMany({ where: { id, version } });
    return count === 1;
  }
}
