import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { DeadLetterState } from './dead-letters.dto.js';

export interface DeadLetterRow {
  readonly id: string;
  readonly receivedAt: Date;
  readonly receivedMicros: bigint;
  readonly gatewayId: string;
  readonly device: string;
  readonly recordedAt: Date;
  /** SQLSTATE, or a code of ours. */
  readonly reason: string;
  /** By column of `vitals`. */
  readonly reading: Readonly<Record<string, unknown>>;
  readonly leads: string[];
  readonly message: string | null;
  readonly state: DeadLetterState;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
  readonly discardReason: string | null;
}

export interface DeadLetterFilter {
  readonly state: DeadLetterState;
  readonly gatewayId?: string;
  readonly device?: string;
}

export interface DeadLetterKey {
  readonly micros: number;
  readonly id: string;
}

const { sql, empty, raw } = TenantPrisma;
const columns = raw(`
  id, received_at as "receivedAt", (extract(epoch from received_at) * 1000000)::bigint as "receivedMicros",
  gateway_id as "gatewayId", device, recorded_at as "recordedAt", reason, reading,
  array(select w ->> 'lead' from jsonb_array_elements(waveforms) w) as leads, message, state, decided_at as "decidedAt",
  decided_by as "decidedBy", discard_reason as "discardReason"`);

@Injectable()
export class DeadLettersRepository {
  /** Newest first. */
  list(
    tx: TenantTx,
    filter: DeadLetterFilter,
    before: DeadLetterKey | undefined,
    take: number,
  ): Promise<DeadLetterRow[]> {
    const { state, gatewayId, device } = filter;
    const older = before
      ? sql`and (received_at, id) <
               (timestamptz 'epoch' + ${before.micros}::bigint * interval '1 microsecond', ${before.id}::uuid)`
      : empty;
    return tx.$queryRaw<DeadLetterRow[]>`
      select ${columns} from ${schemaSql(tx.hospital)}.telemetry_dead_letter
       where state = ${state} ${older}
             ${gatewayId === undefined ? empty : sql`and gateway_id = ${gatewayId}::uuid`}
             ${device === undefined ? empty : sql`and device = ${device}`}
       order by received_at desc, id desc limit ${take}`;
  }

  async find(tx: TenantTx, id: string): Promise<DeadLetterRow | undefined> {
    const [row] = await tx.$queryRaw<DeadLetterRow[]>`
      select ${columns} from ${schemaSql(tx.hospital)}.telemetry_dead_letter where id = ${id}::uuid`;
    return row;
  }

  /** Undefined when the reading is stored; otherwise why not, as `replay_dead_letter` says it. */
  async replay(tx: TenantTx, id: string, by: string): Promise<string | undefined> {
    const [row] = await tx.$queryRaw<{ refusal: string | null }[]>`
      select ${schemaSql(tx.hospital)}.replay_dead_letter(${id}::uuid, ${by}::uuid) as refusal`;
    return row?.refusal ?? undefined;
  }

  /** False when somebody decided before. */
  async discard(tx: TenantTx, id: string, by: string, reason: string): Promise<boolean> {
    const changed = await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.telemetry_dead_letter
         set state = 'discarded', decided_at = now(), decided_by = ${by}::uuid, discard_reason = ${reason}
       where id = ${id}::uuid and state = 'open'`;
    return changed > 0;
  }
}
