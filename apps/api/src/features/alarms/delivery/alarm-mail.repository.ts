import { Injectable } from '@nestjs/common';
import type { AlarmPriority, AlarmState } from '@hms/contracts';
import { HospitalDatabase, schemaSql, type HospitalRef, type TenantTx } from '@hms/database';

/** A mail that is due, with what it says. */
export interface DueMail {
  readonly userId: string;
  readonly level: number;
  readonly alarmId: string;
  readonly state: AlarmState;
  readonly suppressed: boolean;
  readonly priority: AlarmPriority;
  readonly raisedAt: Date;
  readonly wardName: string;
  readonly bedLabel: string | null;
}

/** How a mail ended: sent, or not needed any more. */
export type MailOutcome = 'sent' | 'answered' | 'suppressed' | 'not-a-member';

/** Nobody else tries it for that long; a mail server that is away is asked again after growing pauses. */
const shortestPauseS = 30;
const longestPauseS = 300;

@Injectable()
export class AlarmMailRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Begins a try; undefined when it is not due any more, or another worker tries it. */
  async claim(tx: TenantTx, id: string): Promise<DueMail | undefined> {
    const schema = schemaSql(tx.hospital);
    const [mail] = await tx.$queryRaw<DueMail[]>`
      with due as (
        select id from ${schema}.alarm_notification where id = ${id}::uuid and due_at <= now()
           for no key update skip locked
      ), claimed as (
        update ${schema}.alarm_notification n
           set attempts = n.attempts + 1,
               due_at = now() + interval '1 second'
                                * least(${longestPauseS}, ${shortestPauseS} * power(2, least(n.attempts, 10)))
          from due where n.id = due.id
        returning n.user_id, n.level, n.alarm_id
      )
      select c.user_id as "userId", c.level, a.id as "alarmId", a.state, a.priority, a.raised_at as "raisedAt",
             w.name as "wardName",
             (select b.label from ${schema}.device_assignment d join ${schema}.bed b on b.id = d.bed_id
               where d.patient_id = a.patient_id and d.ward_id = a.ward_id and d.valid @> now()
               order by lower(d.valid) desc, b.label limit 1) as "bedLabel",
             exists (select from ${schema}.alarm_suppression s
                      where s.patient_id = a.patient_id and (s.rule is null or s.rule = a.rule)
                            and s.starts_at <= now() and s.ends_at > now()) as suppressed
        from claimed c join ${schema}.alarm a on a.id = c.alarm_id join ${schema}.ward w on w.id = a.ward_id`;
    return mail;
  }

  async finish(tx: TenantTx, id: string, outcome: MailOutcome): Promise<void> {
    const sentAt = outcome === 'sent' ? new Date() : null;
    await tx.alarmNotification.updateMany({ where: { id, outcome: null }, data: { dueAt: null, sentAt, outcome } });
  }

  /** Null for somebody who does not work in the hospital any more. */
  findMember(hospital: HospitalRef, id: string): Promise<{ email: string; displayName: string } | null> {
    const working = { hospitalId: hospital.id, acceptedAt: { not: null }, revokedAt: null, disabledAt: null };
    return this.database.publicClient.user.findFirst({
      where: { id, status: 'active', memberships: { some: working } },
      select: { email: true, displayName: true },
    });
  }
}
