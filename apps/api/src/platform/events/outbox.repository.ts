import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import type { PublicTx, TenantTx } from '@hms/database';

@Injectable()
export class OutboxRepository {
  /** The transaction of a hospital can only insert its own events: row security refuses any other. */
  async insert(tx: TenantTx | PublicTx, event: DomainEvent): Promise<void> {
    const { id, hospitalId, type, payload, actorId } = event;
    await tx.$executeRaw`
      insert into public.outbox_event (id, hospital_id, type, payload, actor_id)
      values (${id}::uuid, ${hospitalId}::uuid, ${type}, ${JSON.stringify(payload)}::jsonb, ${actorId}::uuid)`;
  }
}
