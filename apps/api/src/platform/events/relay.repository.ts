import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';

/** A consumer as the relay serves it. */
export interface Subscription {
  readonly name: string;
  readonly types: readonly string[];
  readonly maxAttempts: number;
}

export interface Leased {
  readonly id: string;
  readonly consumer: string;
  /** Tries begun before this lease. */
  readonly attempts: number;
}

export interface StoredEvent {
  readonly deliveryId: string;
  readonly hospitalId: string | null;
  readonly event: Record<string, unknown>;
}

/** Events fanned out, and deliveries of one consumer leased, by one transaction. */
const batch = 200;
/** Deliveries of one consumer that may be handed over at a time: what a Redis that forgets costs a lease's time. */
const window = 500;
const leaseMs = 10_000;
const retryHandOverMs = 1_000;

@Injectable()
export class RelayRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /**
   * From now on every relay makes deliveries for these consumers. Types are only added: another release may be running
   * whose consumer of that name listens to more.
   */
  async subscribe(subscriptions: readonly Subscription[]): Promise<void> {
    for (const { name, types } of subscriptions) {
      await this.database.publicClient.$executeRaw`
        insert into public.outbox_consumer as known (name, types) values (${name}, ${[...types]}::text[])
        on conflict (name) do update
          set types = array(select distinct type from unnest(known.types || excluded.types) as type order by type)
        where not known.types @> excluded.types`;
    }
  }

  /** Whether a round would find something: what an idle relay asks. */
  async hasWork(names: readonly string[]): Promise<boolean> {
    const rows = await this.database.publicClient.$queryRaw<{ work: boolean }[]>`
      select exists (select from public.outbox_event where fanned_out_at is null)
          or exists (select from public.outbox_delivery
                      where consumer = any (${names}) and state in ('pending', 'leased') and due_at <= now()) as work`;
    return rows[0]?.work === true;
  }

  /** Makes deliveries of new events, and leases what is due. Relays side by side never take the same. */
  round(subscriptions: readonly Subscription[]): Promise<{ fannedOut: number; leased: Leased[] }> {
    return this.database.inPublic(async (tx) => {
      const fannedOut = await this.#fanOut(tx);
      return { fannedOut, leased: await this.#lease(tx, subscriptions) };
    });
  }

  async eventsOf(deliveryIds: readonly string[]): Promise<StoredEvent[]> {
    const rows = await this.database.publicClient.outboxDelivery.findMany({
      where: { id: { in: [...deliveryIds] } },
      select: { id: true, event: true },
      orderBy: { eventId: 'asc' },
    });
    return rows.map(({ id, event: { fannedOutAt: _, occurredAt, ...event } }) => ({
      deliveryId: id,
      hospitalId: event.hospitalId,
      event: { ...event, occurredAt: occurredAt.toISOString() },
    }));
  }

  async finish(deliveryIds: readonly string[]): Promise<void> {
    await this.database.publicClient.$executeRaw`
      update public.outbox_delivery set state = 'done', finished_at = now()
       where id = any (${deliveryIds}::uuid[]) and state = 'leased'`;
  }

  /**
   * Gives back what could not be handed over; without this its lease would have to run out. What arrived all the same
   * and is being tried stays with whoever tries it.
   */
  async release(leased: readonly Leased[]): Promise<void> {
    const [ids, attempts] = [leased.map(({ id }) => id), leased.map((lease) => lease.attempts)];
    await this.database.publicClient.$executeRaw`
      update public.outbox_delivery d
         set state = 'pending', due_at = now() + ${retryHandOverMs} * interval '1 millisecond'
        from unnest(${ids}::uuid[], ${attempts}::int[]) as lease (id, attempts)
       where d.id = lease.id and d.attempts = lease.attempts and d.state = 'leased'`;
  }

  async #fanOut(tx: PublicTx): Promise<number> {
    const [row] = await tx.$queryRaw<{ events: number }[]>`
      with waiting as (
        select id from public.outbox_event where fanned_out_at is null order by id limit ${batch} for update skip locked
      ), fanned_out as (
        update public.outbox_event e set fanned_out_at = now() from waiting where e.id = waiting.id
        returning e.id, e.type, e.hospital_id, e.occurred_at
      ), made as (
        insert into public.outbox_delivery (event_id, hospital_id, consumer, occurred_at)
        select f.id, f.hospital_id, c.name, f.occurred_at
          from fanned_out f join public.outbox_consumer c on f.type = any (c.types)
        on conflict do nothing
      )
      select count(*)::int as events from fanned_out`;
    return row?.events ?? 0;
  }

  /** A lease that ran out after the last try is the end: that try killed its process, or could not say how it ended. */
  async #lease(tx: PublicTx, subscriptions: readonly Subscription[]): Promise<Leased[]> {
    const names = subscriptions.map(({ name }) => name);
    const limits = subscriptions.map(({ maxAttempts }) => maxAttempts);
    const rows = await tx.$queryRaw<(Leased & { state: string })[]>`
      update public.outbox_delivery d
         set state = case when d.attempts < due.max_attempts then 'leased' else 'dead' end,
             finished_at = case when d.attempts < due.max_attempts then null else now() end,
             last_error = case when d.attempts < due.max_attempts then d.last_error else 'event.abandoned' end,
             due_at = now() + ${leaseMs} * interval '1 millisecond'
        from (select picked.id, c.max_attempts
                from unnest(${names}::text[], ${limits}::int[]) as c (name, max_attempts)
               cross join lateral (
                 select id from public.outbox_delivery
                  where consumer = c.name and state in ('pending', 'leased') and due_at <= now()
                  order by due_at
                  limit least(${batch}, greatest(0, ${window} - (
                    select count(*) from public.outbox_delivery l
                     where l.consumer = c.name and l.state = 'leased' and l.due_at > now())))
                  for update skip locked) picked) due
       where d.id = due.id
      returning d.id, d.consumer, d.attempts, d.state`;
    return rows.filter(({ state }) => state === 'leased');
  }
}
