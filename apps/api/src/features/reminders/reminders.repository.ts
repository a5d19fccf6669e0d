import { Injectable } from '@nestjs/common';
import { schemaSql, type TenantTx } from '@hms/database';

export type ReminderRule = '72h' | '24h' | '2h';

/** A reminder whose time has come. Nobody else sends it until the transaction ends. */
export interface DueReminder {
  readonly id: string;
  readonly rule: ReminderRule;
  readonly appointmentId: string;
  readonly patientId: string;
  readonly start: Date;
  readonly timezone: string;
  /** The patient is still to come. */
  readonly isAwaited: boolean;
  /** The time of a later rule has come too: this one would say the same. */
  readonly isSuperseded: boolean;
}

@Injectable()
export class RemindersRepository {
  /**
   * Makes the reminders of an appointment fit what became of it: those to come, if the patient is awaited, and else none.
   * Days before are days at the clock of the place; what is due before now is not made up for.
   */
  async reconcile(tx: TenantTx, appointmentId: string): Promise<void> {
    const schema = schemaSql(tx.hospital);
    // Whoever changes it meanwhile is waited for, and tells of it again.
    const [appointment] = await tx.$queryRaw<{ isAwaited: boolean }[]>`
      select status in ('booked', 'confirmed') as "isAwaited" from ${schema}.appointment
       where id = ${appointmentId}::uuid for share`;
    if (!appointment?.isAwaited) {
      await tx.$executeRaw`
        update ${schema}.reminder set status = 'cancelled', due_at = null, finished_at = now()
         where appointment_id = ${appointmentId}::uuid and status = 'pending'`;
      // Planned, but held back by quiet hours, a rate or a provider. What is on its way is looked at before it is repeated.
      await tx.$executeRaw`
        update ${schema}.notification_delivery d
           set status = 'cancelled', error = 'appointment.changed', due_at = null, finished_at = now()
          from ${schema}.reminder r
         where r.appointment_id = ${appointmentId}::uuid and d.notification_id = r.notification_id
               and d.status = 'queued'`;
      return;
    }
    await tx.$executeRaw`
      insert into ${schema}.reminder (id, appointment_id, appointment_version, rule, due_at)
      select public.uuid_v7(), a.id, a.version, r.rule, r.due_at
        from ${schema}.appointment a
        cross join lateral (select lower(a.during) as start, lower(a.during) at time zone a.tz_at_booking as local) as s
        cross join lateral (values
          ('72h', (s.local - interval '3 days') at time zone a.tz_at_booking),
          ('24h', (s.local - interval '1 day') at time zone a.tz_at_booking),
          ('2h', s.start - interval '2 hours')) as r (rule, due_at)
       where a.id = ${appointmentId}::uuid and r.due_at > now()
      on conflict on constraint reminder_once do nothing`;
  }

  /** Those that are due, the longest first, without those of appointments somebody changes right now. */
  lockDue(tx: TenantTx, most: number): Promise<DueReminder[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<DueReminder[]>`
      select r.id, r.rule, a.id as "appointmentId", a.patient_id as "patientId", lower(a.during) as start,
             a.tz_at_booking as timezone,
             a.status in ('booked', 'confirmed') and lower(a.during) > now() as "isAwaited",
             exists (select from ${schema}.reminder l
                      where l.appointment_id = a.id and l.due_at > r.due_at and l.due_at <= now()) as "isSuperseded"
        from ${schema}.reminder r join ${schema}.appointment a on a.id = r.appointment_id
       where r.due_at <= now()
       order by r.due_at limit ${most}
         for no key update of r skip locked for share of a skip locked`;
  }

  async finish(tx: TenantTx, ids: readonly string[], status: 'skipped' | 'cancelled'): Promise<void> {
    if (ids.length === 0) return;
    const data = { status, dueAt: null, finishedAt: new Date() };
    await tx.reminder.updateMany({ where: { id: { in: [...ids] } }, data });
  }

  async putOff(tx: TenantTx, id: string, byMs: number): Promise<void> {
    await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.reminder set due_at = now() + ${byMs} * interval '1 millisecond'
       where id = ${id}::uuid and status = 'pending'`;
  }

  async finishSent(tx: TenantTx, sent: readonly { id: string; notificationId: string }[]): Promise<void> {
    if (sent.length === 0) return;
    await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.reminder r
         set status = 'sent', notification_id = s.notification_id, due_at = null, finished_at = now()
        from unnest(${sent.map(({ id }) => id)}::uuid[], ${sent.map((each) => each.notificationId)}::uuid[])
             as s (id, notification_id)
       where r.id = s.id`;
  }
}
