import { OperatorError } from '@hms/database';
import type pg from 'pg';

export interface OutboxStatus {
  /** Age of the oldest event some consumer has not handled; null when there is none. */
  readonly lagSeconds: number | null;
  readonly consumers: readonly ConsumerStatus[];
}

export interface ConsumerStatus {
  readonly consumer: string;
  readonly pending: number;
  readonly leased: number;
  readonly dead: number;
}

export interface DeadLetter {
  readonly id: string;
  readonly consumer: string;
  readonly type: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly since: Date;
}

export async function outboxStatus(owner: pg.ClientBase): Promise<OutboxStatus> {
  const lag = await owner.query<{ seconds: number | null }>(
    `select extract(epoch from now() - least(
              (select min(occurred_at) from public.outbox_event where fanned_out_at is null),
              (select min(occurred_at) from public.outbox_delivery where state in ('pending', 'leased'))))::float8 as seconds`,
  );
  const { rows } = await owner.query<ConsumerStatus>(
    `select coalesce(c.name, d.consumer) as consumer,
            count(*) filter (where d.state = 'pending')::int as pending,
            count(*) filter (where d.state = 'leased')::int as leased,
            count(*) filter (where d.state = 'dead')::int as dead
       from public.outbox_consumer c
       full join (select consumer, state from public.outbox_delivery where state <> 'done') d on d.consumer = c.name
      group by 1 order by 1`,
  );
  return { lagSeconds: lag.rows[0]?.seconds ?? null, consumers: rows };
}

/** The newest 100. */
export async function deadLetters(owner: pg.ClientBase, consumer?: string): Promise<DeadLetter[]> {
  const { rows } = await owner.query<DeadLetter>(
    `select d.id, d.consumer, e.type, d.last_error as reason, d.attempts, d.finished_at as since
       from public.outbox_delivery d join public.outbox_event e on e.id = d.event_id
      where d.state = 'dead' and ($1::text is null or d.consumer = $1)
      order by d.finished_at desc limit 100`,
    [consumer ?? null],
  );
  return rows;
}

/** Makes relays forget a consumer, or a type it listens to, with what waits for it. Returns how many deliveries went. */
export async function retire(owner: pg.ClientBase, consumer: string, type?: string): Promise<number> {
  const known = await owner.query(
    type === undefined
      ? 'delete from public.outbox_consumer where name = $1 and $2::text is null'
      : 'update public.outbox_consumer set types = array_remove(types, $2) where name = $1 and $2 = any (types)',
    [consumer, type ?? null],
  );
  if (known.rowCount === 0) {
    throw new OperatorError(`No consumer ${consumer} is entered${type === undefined ? '' : ` for ${type}`}.`);
  }
  const { rowCount } = await owner.query(
    `delete from public.outbox_delivery d using public.outbox_event e
      where e.id = d.event_id and d.consumer = $1 and d.state <> 'done' and ($2::text is null or e.type = $2)`,
    [consumer, type ?? null],
  );
  return rowCount ?? 0;
}

/** Has dead deliveries tried again, with all their tries before them. Returns how many; those not dead stay as they are. */
export async function replay(owner: pg.ClientBase, which: { id?: string; consumer?: string }): Promise<number> {
  const { rowCount } = await owner.query(
    `update public.outbox_delivery
        set state = 'pending', attempts = 0, due_at = now(), finished_at = null
      where state = 'dead' and ($1::uuid is null or id = $1) and ($2::text is null or consumer = $2)`,
    [which.id ?? null, which.consumer ?? null],
  );
  return rowCount ?? 0;
}
