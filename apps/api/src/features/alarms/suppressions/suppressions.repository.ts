import { Injectable } from '@nestjs/common';
import type { AlarmPriority } from '@hms/contracts';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';

export interface SuppressionRow {
  readonly id: string;
  readonly patientId: string;
  readonly rule: string | null;
  readonly reason: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly createdBy: string;
  readonly endedBy: string | null;
}

export interface NewSuppression extends Omit<SuppressionRow, 'id' | 'endedBy'> {
  readonly createdAt: Date;
}

/** An alarm as those are told who look at its ward. */
export interface AffectedAlarm {
  readonly id: string;
  readonly wardId: string;
  readonly priority: AlarmPriority;
}

const columns = {
  id: true,
  patientId: true,
  rule: true,
  reason: true,
  startsAt: true,
  endsAt: true,
  createdBy: true,
  endedBy: true,
} as const;
const { sql, empty } = TenantPrisma;

@Injectable()
export class SuppressionsRepository {
  insert(tx: TenantTx, suppression: NewSuppression): Promise<SuppressionRow> {
    return tx.alarmSuppression.create({ data: { id: uuidv7(), ...suppression }, select: columns });
  }

  /** Newest first, from before `before` on. */
  list(
    tx: TenantTx,
    patientId: string,
    { activeAt, before, take }: { activeAt: Date | undefined; before: string | undefined; take: number },
  ): Promise<SuppressionRow[]> {
    return tx.alarmSuppression.findMany({
      where: {
        patientId,
        ...(activeAt ? { endsAt: { gt: activeAt } } : {}),
        ...(before === undefined ? {} : { id: { lt: before } }),
      },
      select: columns,
      orderBy: { id: 'desc' },
      take,
    });
  }

  find(tx: TenantTx, patientId: string, id: string): Promise<SuppressionRow | null> {
    return tx.alarmSuppression.findFirst({ where: { id, patientId }, select: columns });
  }

  /** False when it has ended. */
  async end(tx: TenantTx, id: string, now: Date, by: string): Promise<boolean> {
    const ended = { endsAt: now, endedBy: by };
    const { count } = await tx.alarmSuppression.updateMany({ where: { id, endsAt: { gt: now } }, data: ended });
    return count === 1;
  }

  /** Puts off telling of the patient's alarms that somebody would still be told of. */
  silence(tx: TenantTx, { id, patientId, rule, endsAt }: SuppressionRow): Promise<AffectedAlarm[]> {
    return tx.$queryRaw<AffectedAlarm[]>`
      update ${schemaSql(tx.hospital)}.alarm
         set suppression_id = ${id}::uuid, escalate_at = ${endsAt.toISOString()}::timestamptz
       where patient_id = ${patientId}::uuid and state in ('raised', 'notified')
             ${rule === null ? empty : sql`and rule = ${rule}`}
      returning id, ward_id as "wardId", priority`;
  }

  /** Lets telling go on at once, where nothing else holds it. */
  async unsilence(tx: TenantTx, id: string): Promise<void> {
    await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.alarm set escalate_at = now()
       where suppression_id = ${id}::uuid and state in ('raised', 'notified')`;
  }
}
