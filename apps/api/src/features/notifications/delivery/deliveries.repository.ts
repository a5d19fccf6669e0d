import { Injectable } from '@nestjs/common';
import { HospitalDatabase, schemaSql, TenantPrisma, type HospitalRef, type TenantTx } from '@hms/database';
import type { OutsideChannel } from '../notification.terms.js';
import type { ClaimedDelivery, Ending } from './claimed-delivery.js';

export interface Claim {
  readonly channel: OutsideChannel;
  readonly most: number;
  readonly leaseMs: number;
}

const { sql } = TenantPrisma;

@Injectable()
export class DeliveriesRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /**
   * How much of the hospital's rate is left in this minute. Whoever asks next waits until this transaction ends, so that
   * it is never used twice.
   */
  async lockBudget(tx: TenantTx): Promise<number> {
    const schema = schemaSql(tx.hospital);
    const [row] = await tx.$queryRaw<{ left: number }[]>`
      update ${schema}.notification_budget b
         set minute = date_trunc('minute', now()),
             used = case when b.minute = date_trunc('minute', now()) then b.used else 0 end
      returning (select s.per_minute from ${schema}.notification_settings s) - b.used as left`;
    return Math.max(0, row?.left ?? 0);
  }

  /** Begins a try of what is due, the urgent first; of what is not urgent at most `budget`. */
  async claim(tx: TenantTx, { channel, most, leaseMs }: Claim, budget: number): Promise<ClaimedDelivery[]> {
    const schema = schemaSql(tx.hospital);
    const due = sql`select id, status, sending_since, urgent from ${schema}.notification_delivery
                     where channel = ${channel} and due_at <= now()`;
    const claimed = await tx.$queryRaw<ClaimedDelivery[]>`
      with first as materialized (
        ${due} and urgent order by due_at limit ${most} for no key update skip locked
      ), rest as materialized (
        ${due} and not urgent order by due_at
          limit least(${budget}, ${most} - (select count(*) from first)) for no key update skip locked
      ), mine as (
        update ${schema}.notification_delivery d
           set status = 'sending', attempts = d.attempts + 1,
               sending_since = coalesce(due.sending_since, now()),
               due_at = now() + ${leaseMs} * interval '1 millisecond'
          from (select * from first union all select * from rest) as due
         where d.id = due.id
        returning d.id, d.notification_id, d.push_token_id, d.urgent, d.attempts,
                  case when due.status = 'sending' then due.sending_since end as in_doubt_since
      )
      select d.id, d.notification_id as "notificationId", d.push_token_id as "pushTokenId", d.urgent,
             d.attempts as attempt, d.in_doubt_since as "inDoubtSince", n.expires_at <= now() as "isExpired",
             n.code, n.params, n.user_id as "userId", n.patient_id as "patientId", n.expires_at as "expiresAt",
             coalesce(c.email, p.email::text) as email, c.display_name as name,
             coalesce(f.phone, p.phone) as phone,
             array[f.language, p.preferred_language, s.language] as languages,
             h.name as "hospitalName", coalesce(f.timezone, h.timezone) as timezone,
             case when n.user_id is null then p.id is not null else c.user_id is not null end as "isRecipient",
             case when b.status = 'cancelled' then 'broadcast.cancelled'
                  when exists (select from ${schema}.reminder r join ${schema}.appointment a on a.id = r.appointment_id
                                where r.notification_id = n.id and a.status not in ('booked', 'confirmed'))
                  then 'appointment.changed' end as "withdrawnBy"
        from mine d
        join ${schema}.notification n on n.id = d.notification_id
        cross join ${schema}.notification_settings s
        cross join public.notification_sender() h
        left join ${schema}.notification_broadcast b on b.id = n.broadcast_id
        left join ${schema}.notification_preference f on f.user_id = n.user_id
        left join ${schema}.patient p on p.id = n.patient_id and p.deleted_at is null and p.deceased_at is null
        left join lateral public.notification_contacts(array[n.user_id]) c on true
       order by d.urgent desc, d.id`;
    const used = claimed.filter(({ urgent }) => !urgent).length;
    if (used > 0) await tx.$executeRaw`update ${schema}.notification_budget set used = used + ${used}`;
    return claimed;
  }

  /**
   * False when somebody else has begun a later try. That it was sent is noted all the same: whatever the later try comes to,
   * it is not to be repeated.
   */
  async end(hospital: HospitalRef, { id, attempt }: ClaimedDelivery, ending: Ending): Promise<boolean> {
    const isOver = !('retryInMs' in ending);
    const providerId = 'providerId' in ending ? ending.providerId : null;
    const error = 'error' in ending ? ending.error : null;
    const retryInMs = 'retryInMs' in ending ? ending.retryInMs : null;
    const isOurs = sql`attempts = ${attempt} and status = 'sending'`;
    const ended = await this.database.inHospital(
      hospital,
      (tx) => tx.$executeRaw`
        update ${schemaSql(hospital)}.notification_delivery
           set status = ${ending.status}, provider_id = ${providerId}, error = ${error},
               finished_at = ${isOver ? sql`now()` : sql`null`},
               sending_since = case when ${ending.status} = 'queued' then null else sending_since end,
               due_at = now() + ${retryInMs}::float8 * interval '1 millisecond'
         where id = ${id}::uuid and ${ending.status === 'sent' ? sql`status <> 'sent'` : isOurs}`,
    );
    return ended === 1;
  }
}
