import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { partyOf } from '../../platform/audit/audit-entry.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { AssignmentsRepository, type AssignmentRow } from './assignments.repository.js';

/** Devices that come off a patient because of something else: each leaves an event and an audit row of its own. */
@Injectable()
export class DeviceReleases {
  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditTrail,
  ) {}

  /** Ends what the device is used for at that moment, on the wards the actor works on. */
  async endRunning(tx: TenantTx, actor: HospitalActor, deviceId: string, at: Date): Promise<void> {
    const device = { id: deviceId, wardIds: actor.wardIds };
    await this.#tell(tx, actor, await this.assignments.endRunning(tx, device, at, actor.userId));
  }

  /** Call it before a patient is deleted at that moment: the database then ends or removes these assignments. */
  async beforeDeletion(tx: TenantTx, actor: HospitalActor, patientId: string, at: Date): Promise<void> {
    await this.#tell(tx, actor, await this.assignments.lockUnended(tx, patientId, at));
  }

  async #tell(tx: TenantTx, actor: HospitalActor, ended: readonly AssignmentRow[]): Promise<void> {
    for (const { id, deviceId, patientId, wardId } of ended) {
      await this.outbox.add(tx, eventBy(actor, 'device.released', { id, deviceId, patientId, wardId }));
      const entry = {
        action: 'update',
        entity: 'device-assignment',
        entityIds: [id],
        patientIds: [patientId],
      } as const;
      await this.audit.append(tx, entry, partyOf(actor), actor.origin);
    }
  }
}
