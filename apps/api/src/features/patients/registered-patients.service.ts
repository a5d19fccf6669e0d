import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';
import { patientError } from './patients.errors.js';
import { PatientsRepository } from './patients.repository.js';

/** For features that keep records of a patient. */
@Injectable()
export class RegisteredPatients {
  constructor(private readonly patients: PatientsRepository) {}

  /** @throws `patient.not-found`, of one that is deleted too */
  async require(tx: TenantTx, id: string): Promise<void> {
    if (!(await this.patients.exists(tx, id))) throw patientError('patient.not-found');
  }
}
