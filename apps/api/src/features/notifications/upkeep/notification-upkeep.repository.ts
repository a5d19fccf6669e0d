import { Injectable } from '@nestjs/common';
import { type HospitalCondition, HospitalDatabase, schemaSql, type TenantTx } from '@hms/database';
import type { OutsideChannel } from '../notification.terms.js';

/** Where something waits for one of the channels that counted no more so long ago. */
export const hasExpired =
  (channels: readonly OutsideChannel[], graceMs: number): HospitalCondition =>
  (schema) => `exists (
    select from ${schema}.notification_delivery d join ${schema}.notification n on n.id = d.notification_id
     where d.channel in (${channels.map((channel) => `'${channel}'`).join(', ')}) and d.due_at <= now()
           and n.expires_at < now() - interval '${String(graceMs)} milliseconds')`;

@Injectable()
export class NotificationUpkeepRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Removes some deliveries the hospital keeps no longer, and says how many. */
  async forget(tx: TenantTx, most: number): Promise<number> {
    const [row] = await tx.$queryRaw<{ count: number }[]>`
      select ${schemaSql(tx.hospital)}.forget_deliveries(${most}::int) as count`;
    return row?.count ?? 0;
  }

  /** Removes some tokens that were deactivated before then, and says how many. */
  forgetTokens(before: Date, most: number): Promise<number> {
    return this.database.publicClient.$executeRaw`
      delete from public.push_token where id in (
        select id from public.push_token where deactivated_at < ${before} limit ${most})`;
  }

  /** Ends what waits for a channel, and counts no more since before then; says how many. */
  expire(tx: TenantTx, channel: OutsideChannel, before: Date, most: number): Promise<number> {
    const schema = schemaSql(tx.hospital);
    return tx.$executeRaw`
      update ${schema}.notification_delivery d
         set status = 'expired', error = 'provider.not-configured', due_at = null, finished_at = now()
       where d.id in (select w.id from ${schema}.notification_delivery w
                        join ${schema}.notification n on n.id = w.notification_id
                       where w.channel = ${channel} and w.due_at <= now() and n.expires_at < ${before}
                       order by w.due_at limit ${most} for no key update of w skip locked)`;
  }
}
