import { Injectable } from '@nestjs/common';
import type { AlarmEndCause, AlarmPriority, AlarmRole } from '@hms/contracts';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { LeveledStep, Untold } from '../escalation/escalation.policy.js';

/** An alarm that is due, as it is told. */
export interface DueAlarm extends Untold {
  readonly id: string;
  readonly rule: string;
  readonly patientId: string;
  readonly wardId: string;
  readonly priority: AlarmPriority;
  readonly suppressionId: string | null;
  /** Why it is over; null when it is not. */
  readonly over: AlarmEndCause | null;
}

export interface ActiveSuppression {
  readonly id: string;
  readonly endsAt: Date;
}

/** Who is told by one step. */
export interface Telling {
  readonly alarmId: string;
  readonly eventId: bigint;
  readonly step: LeveledStep;
  readonly userIds: readonly string[];
}

@Injectable()
export class TellingRepository {
  /** Undefined when it is not due any more, or when another worker is at it. Nobody else changes it until the end. */
  async lockDue(tx: TenantTx, id: string): Promise<DueAlarm | undefined> {
    const schema = schemaSql(tx.hospital);
    const [alarm] = await tx.$queryRaw<DueAlarm[]>`
      select a.id, a.rule, a.patient_id as "patientId", a.ward_id as "wardId", a.priority, a.state,
             a.escalation_level as "escalationLevel", a.escalate_at as "escalateAt",
             a.suppression_id as "suppressionId",
             case when p.deleted_at is not null then 'patient-deleted'
                  when p.deceased_at is not null then 'patient-deceased' end as over
        from ${schema}.alarm a join ${schema}.patient p on p.id = a.patient_id
       where a.id = ${id}::uuid and a.state in ('raised', 'notified') and a.escalate_at <= now()
         for no key update of a skip locked`;
    return alarm;
  }

  /** Of those that hold the alarm back, the one that lasts longest. */
  async activeSuppression(tx: TenantTx, { patientId, rule }: DueAlarm): Promise<ActiveSuppression | undefined> {
    const [suppression] = await tx.$queryRaw<ActiveSuppression[]>`
      select id, ends_at as "endsAt" from ${schemaSql(tx.hospital)}.alarm_suppression
       where patient_id = ${patientId}::uuid and (rule is null or rule = ${rule})
             and starts_at <= now() and ends_at > now()
       order by ends_at desc limit 1`;
    return suppression;
  }

  /** Active members who hold one of the roles and work on the ward. */
  async membersOnWard(tx: TenantTx, roles: readonly AlarmRole[], wardId: string): Promise<string[]> {
    const rows = await tx.$queryRaw<{ id: string }[]>`
      select public.members_on_ward(${[...roles]}::text[], ${wardId}::uuid) as id order by 1`;
    return rows.map(({ id }) => id);
  }

  /** Mails are due at once. */
  async addNotifications(tx: TenantTx, { alarmId, eventId, step, userIds }: Telling): Promise<void> {
    const now = new Date();
    const data = userIds.flatMap((userId) =>
      step.channels.map((channel) => ({
        id: uuidv7(),
        alarmId,
        eventId,
        level: step.level,
        userId,
        channel,
        dueAt: channel === 'mail' ? now : null,
      })),
    );
    await tx.alarmNotification.createMany({ data });
  }

  async update(tx: TenantTx, id: string, data: TenantPrisma.AlarmUpdateInput): Promise<void> {
    await tx.alarm.update({ where: { id }, data, select: { id: true } });
  }

  /** With the newest reading that showed it, by the time of its device. */
  async end(tx: TenantTx, id: string): Promise<void> {
    await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.alarm set state = 'resolved', ended_at = greatest(started_at, last_seen_at)
       where id = ${id}::uuid`;
  }
}
