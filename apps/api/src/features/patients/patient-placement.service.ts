import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { PatientsRepository } from './patients.repository.js';

/** Where patients lie, for the feature that gives them beds. */
@Injectable()
export class PatientPlacement {
  constructor(
    private readonly patients: PatientsRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Before the encounter is locked: devices that write to it hold the patient first, too. */
  lock(tx: TenantTx, id: string): Promise<void> {
    return this.patients.lock(tx, id);
  }

  /** On that ward, or on none; part of the caller's transaction, after the change of bed that it follows. */
  async follow(tx: TenantTx, actor: HospitalActor, id: string, wardId: string | null): Promise<void> {
    const version = await this.patients.lieOn(tx, id, wardId, actor.userId);
    if (version !== undefined) await this.outbox.add(tx, eventBy(actor, 'patient.updated', { id, version }));
  }
}
