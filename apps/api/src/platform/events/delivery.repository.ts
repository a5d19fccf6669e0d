import { Injectable } from '@nestjs/common';
import { HospitalDatabase, hospitalRef, type HospitalRef, type PublicTx, type TenantTx } from '@hms/database';

interface ClaimRow {
  readonly attempts: number;
  readonly id: string;
  readonly type: string;
  readonly hospital_id: string | null;
  readonly slug: string | null;
  readonly payload: unknown;
  readonly actor_id: string | null;
  readonly occurred_at: Date;
}

/** One try of a delivery. It may only end the delivery while it is the last one begun. */
export interface Try {
  readonly deliveryId: string;
  readonly attempt: number;
}

export interface Claim extends Try {
  /** As it was stored: not parsed yet. */
  readonly event: Record<string, unknown>;
  readonly hospital: HospitalRef | undefined;
}

export interface Failure {
  /** A stable code without anything of a patient. */
  readonly code: string;
  readonly maxAttempts: number;
  readonly backoffMs: number;
}

const longestBackoffMs = 300_000;

@Injectable()
export class DeliveryRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Begins a try that nobody repeats within `forMs`; undefined when there is nothing to do any more. */
  async claim(deliveryId: string, forMs: number): Promise<Claim | undefined> {
    const rows = await this.database.publicClient.$queryRaw<ClaimRow[]>`
      update public.outbox_delivery d
         set attempts = d.attempts + 1, due_at = now() + ${forMs} * interval '1 millisecond'
        from public.outbox_event e left join public.hospital h on h.id = e.hospital_id
       where d.id = ${deliveryId}::uuid and d.state = 'leased' and e.id = d.event_id
      returning d.attempts, e.id, e.type, e.hospital_id, h.slug, e.payload, e.actor_id, e.occurred_at`;
    const [row] = rows;
    return row && { deliveryId, attempt: row.attempts, event: toEvent(row), hospital: toHospital(row) };
  }

  /**
   * Ends the delivery when this transaction commits, and keeps any other try waiting until then; false when another
   * try has begun or ended it.
   */
  async finish(tx: TenantTx | PublicTx, { deliveryId, attempt }: Try): Promise<boolean> {
    const finished = await tx.$executeRaw`
      update public.outbox_delivery set state = 'done', finished_at = now()
       where id = ${deliveryId}::uuid and attempts = ${attempt} and state = 'leased'`;
    return finished === 1;
  }

  /** Puts the delivery off, with full jitter, or declares it dead after its last try. Returns what became of it. */
  async fail({ deliveryId, attempt }: Try, failure: Failure): Promise<'pending' | 'dead' | undefined> {
    const { code, maxAttempts, backoffMs } = failure;
    const rows = await this.database.publicClient.$queryRaw<{ state: 'pending' | 'dead' }[]>`
      update public.outbox_delivery
         set state = case when attempts < ${maxAttempts} then 'pending' else 'dead' end,
             finished_at = case when attempts < ${maxAttempts} then null else now() end,
             due_at = now() + random() * least(${longestBackoffMs}, ${backoffMs} * power(2, least(attempts - 1, 20)))
                              * interval '1 millisecond',
             last_error = ${code}
       where id = ${deliveryId}::uuid and attempts = ${attempt} and state = 'leased'
      returning state`;
    return rows[0]?.state;
  }
}

const toEvent = (row: ClaimRow): Record<string, unknown> => ({
  id: row.id,
  type: row.type,
  hospitalId: row.hospital_id,
  payload: row.payload,
  actorId: row.actor_id,
  occurredAt: row.occurred_at.toISOString(),
});

const toHospital = ({ hospital_id: id, slug }: ClaimRow): HospitalRef | undefined =>
  id === null || slug === null ? undefined : hospitalRef({ id, slug });
