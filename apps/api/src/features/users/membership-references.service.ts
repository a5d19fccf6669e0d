import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { MembershipReferencesRepository } from './membership-references.repository.js';

export interface References {
  readonly wardIds: readonly string[];
  readonly patientId: string | undefined;
}

@Injectable()
export class MembershipReferences {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly references: MembershipReferencesRepository,
  ) {}

  /** @throws `request.invalid` when a ward or the patient is not of this hospital */
  async check(hospital: HospitalRef, { wardIds, patientId }: References): Promise<void> {
    if (wardIds.length === 0 && patientId === undefined) return;
    await this.database.readInHospital(hospital, async (tx) => {
      if (wardIds.length > 0 && !(await this.references.haveWards(tx, wardIds))) throw unknown('wardIds');
      if (patientId !== undefined && !(await this.references.hasPatient(tx, patientId))) throw unknown('patientId');
    });
  }
}

const unknown = (field: string): Error =>
  commonError('request.invalid', { errors: [{ field, code: 'unknown', message: `${field} is not of this hospital` }] });
