import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { PatientEndings } from '../appointments/patient-endings.service.js';
import { PatientsRepository } from './patients.repository.js';

/** Deaths that are not said in the record itself, for the feature that hears of them. */
@Injectable()
export class PatientDeaths {
  constructor(
    private readonly patients: PatientsRepository,
    private readonly endings: PatientEndings,
    private readonly outbox: Outbox,
  ) {}

  /** The patient died then, unless the record says when. Part of the caller's transaction. */
  async record(tx: TenantTx, actor: HospitalActor, id: string, at: Date): Promise<void> {
    const version = await this.patients.die(tx, id, at, actor.userId);
    if (version === undefined) return;
    await this.endings.record(tx, actor, id);
    await this.outbox.add(tx, eventBy(actor, 'patient.updated', { id, version }));
  }
}
