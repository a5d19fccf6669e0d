import { Injectable } from '@nestjs/common';
import { formatMrn } from '@hms/contracts';
import { HospitalDatabase, hospitalRef } from '@hms/database';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { PatientsRepository } from './patients.repository.js';

export interface SelfRegistered {
  readonly id: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly email: string;
}

/** Records that patients open for themselves. Staff find them like any other, and merge or correct them. */
@Injectable()
export class SelfRegistration {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly patients: PatientsRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditTrail,
  ) {}

  /** Makes the record unless it is there, deleted or not. */
  async ensure(
    hospital: { id: string; slug: string },
    patient: SelfRegistered,
    { by, origin }: { readonly by: string; readonly origin: RequestOrigin },
  ): Promise<void> {
    const ref = hospitalRef(hospital);
    const there = await this.database.readInHospital(ref, (tx) => this.patients.find(tx, patient.id, true));
    if (there) return;
    await this.database.inHospital(ref, async (tx) => {
      // First, because it makes creations queue: of two first sign-ins the second finds the record of the first.
      const mrn = formatMrn(await this.patients.nextRecordNumber(tx));
      if (await this.patients.find(tx, patient.id, true)) return;
      await this.patients.insert(tx, { ...patient, mrn }, by);
      const payload = { id: patient.id, version: 1 };
      await this.outbox.add(tx, { type: 'patient.registered', payload, hospitalId: ref.id, actorId: by });
      const ids = [patient.id];
      const entry = { action: 'create', entity: 'patient', entityIds: ids, patientIds: ids } as const;
      await this.audit.append(tx, entry, { hospitalId: ref.id, userId: by, roles: ['patient'] }, origin);
    });
    this.outbox.wakeRelay();
  }
}
