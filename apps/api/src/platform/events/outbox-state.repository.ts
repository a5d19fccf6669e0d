import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';

export interface OutboxState {
  readonly lagSeconds: number;
  readonly dead: number;
}

@Injectable()
export class OutboxStateRepository {
  constructor(private readonly database: HospitalDatabase) {}

  async read(): Promise<OutboxState> {
    const rows = await this.database.publicClient.$queryRaw<OutboxState[]>`
      select greatest(0, extract(epoch from now() - least(
               (select min(occurred_at) from public.outbox_event where fanned_out_at is null),
               (select min(occurred_at) from public.outbox_delivery where state in ('pending', 'leased')))))::float8
               as "lagSeconds",
             (select count(*)::int from public.outbox_delivery where state = 'dead') as dead`;
    return { lagSeconds: rows[0]?.lagSeconds ?? 0, dead: rows[0]?.dead ?? 0 };
  }

  /** Removes up to `limit` events whose deliveries all ended well, `days` after they were made. Returns how many. */
  async removeOld(days: number, limit: number): Promise<number> {
    return this.database.publicClient.$executeRaw`
      delete from public.outbox_event where id in (
        select e.id from public.outbox_event e
         where e.fanned_out_at < now() - ${days} * interval '1 day'
           and not exists (select from public.outbox_delivery d where d.event_id = e.id and d.state <> 'done')
         order by e.fanned_out_at limit ${limit})`;
  }
}
