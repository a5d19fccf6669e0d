import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { partyOf } from '../../platform/audit/audit-entry.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { AssignmentsRepository, type AssignmentRow } from './assignments.repository.js';

/** Where a patient lies. */
export interface Place {
  readonly wardId: string;
  readonly bedId: string;
}

/** Devices that go with their patient: each change leaves an event and an audit row of its own. */
@Injectable()
export class DeviceMoves {
  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditTrail,
  ) {}

  /** What the patient wears is worn in that bed from then on; what was put on later than that, from now on. */
  async follow(tx: TenantTx, actor: HospitalActor, patientId: string, place: Place, at: Date): Promise<void> {
    const now = new Date();
    for (const worn of await this.#running(tx, patientId, now)) {
      if (worn.bedId === place.bedId) continue;
      const from = worn.from < at ? at : now;
      if (from <= worn.from) continue;
      await this.#end(tx, actor, worn, from);
      const next = { ...worn, ...place, from, createdBy: actor.userId };
      const outcome = await this.assignments.insert(tx, next);
      if (typeof outcome === 'string') throw new Error(`a device did not follow its patient: ${outcome}`);
      await this.#tell(tx, actor, 'device.assigned', { ...next, id: outcome.id });
    }
  }

  /** What the patient wears comes off at that moment; what was put on later than that, now. */
  async release(tx: TenantTx, actor: HospitalActor, patientId: string, at: Date): Promise<void> {
    const now = new Date();
    for (const worn of await this.#running(tx, patientId, now)) {
      const until = worn.from < at ? at : now;
      if (until > worn.from) await this.#end(tx, actor, worn, until);
    }
  }

  async #running(tx: TenantTx, patientId: string, now: Date): Promise<AssignmentRow[]> {
    return (await this.assignments.lockUnended(tx, patientId, now)).filter(({ from }) => from <= now);
  }

  async #end(tx: TenantTx, actor: HospitalActor, worn: AssignmentRow, at: Date): Promise<void> {
    await this.assignments.end(tx, worn.id, at, actor.userId);
    await this.#tell(tx, actor, 'device.released', worn);
  }

  async #tell(
    tx: TenantTx,
    actor: HospitalActor,
    type: 'device.assigned' | 'device.released',
    { id, deviceId, patientId, wardId }: Omit<AssignmentRow, 'from' | 'until'>,
  ): Promise<void> {
    await this.outbox.add(tx, eventBy(actor, type, { id, deviceId, patientId, wardId }));
    const action = type === 'device.assigned' ? 'create' : 'update';
    const entry = { action, entity: 'device-assignment', entityIds: [id], patientIds: [patientId] } as const;
    await this.audit.append(tx, entry, partyOf(actor), actor.origin);
  }
}
