import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { partyOf } from '../../platform/audit/audit-entry.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { PatientEndingsRepository } from './patient-endings.repository.js';

/**
 * Who is not to come any more. When a patient dies or is deleted the database cancels the appointments that are still to
 * begin, leaves queues and waitlists, and tells of each.
 */
@Injectable()
export class PatientEndings {
  constructor(
    private readonly ended: PatientEndingsRepository,
    private readonly audit: AuditTrail,
  ) {}

  /** Gives what ended with the patient audit rows of its own. Call it after the change of the patient, in its transaction. */
  async record(tx: TenantTx, actor: HospitalActor, patientId: string): Promise<void> {
    for (const { entity, ids } of await this.ended.listEnded(tx, patientId)) {
      const subjects = { entityIds: ids, patientIds: [patientId] };
      await this.audit.append(tx, { action: 'update', entity, ...subjects }, partyOf(actor), actor.origin);
    }
  }
}
