import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { HospitalActor } from '../../platform/access/actor.js';
import { Cache } from '../../platform/cache/cache.service.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import type {
  AllergyDto,
  AllergyListDto,
  AllergyStatusChangeDto,
  AllergyStatusDto,
  CreateAllergyDto,
  UpdateAllergyDto,
} from './allergies.dto.js';
import { allergyError } from './allergies.errors.js';
import { AllergiesRepository } from './allergies.repository.js';
import { toAllergyColumns, toAllergyDto } from './allergy.mapper.js';
import { assertMayChange } from './allergy.policy.js';
import { allergyStatusOf } from './patient.mapper.js';
import { patientError } from './patients.errors.js';
import { PatientsRepository, type PatientRow } from './patients.repository.js';

/** Where an allergy is: `id` of the entry, in the record of `patientId`. */
export interface AllergyPath {
  readonly patientId: string;
  readonly id: string;
}

@Injectable()
export class AllergiesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly cache: Cache,
    private readonly patients: PatientsRepository,
    private readonly allergies: AllergiesRepository,
    private readonly outbox: Outbox,
  ) {}

  /** @throws `patient.not-found` */
  async list(actor: HospitalActor, patientId: string): Promise<AllergyListDto> {
    const key = `allergies:${patientId}`;
    const found = await this.cache
      .hospital(actor)
      .read(key, { tags: [`patient:${patientId}`] }, () =>
        this.database.readInHospital(actor.hospital, (tx) => this.#list(tx, patientId)),
      );
    if (!found) throw patientError('patient.not-found');
    return found;
  }

  /** @throws `patient.not-found` or `allergy.duplicate` */
  record(actor: HospitalActor, patientId: string, command: CreateAllergyDto): Promise<AllergyDto> {
    const { substance, category } = command;
    const allergy = { ...toAllergyColumns(command), id: uuidv7(), patientId, substance, category };
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#requirePatient(tx, patientId);
      const recorded = await this.allergies.insert(tx, allergy, actor.userId);
      const { id, version } = recorded;
      await this.outbox.add(tx, eventBy(actor, 'allergy.changed', { id, patientId, version }));
      return toAllergyDto(recorded);
    });
  }

  /** @throws `allergy.not-found`, `allergy.entered-in-error`, `allergy.duplicate` or `precondition.failed` */
  update(
    actor: HospitalActor,
    { patientId, id }: AllergyPath,
    version: number,
    command: UpdateAllergyDto,
  ): Promise<AllergyDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#requirePatient(tx, patientId);
      const current = await this.allergies.find(tx, patientId, id);
      if (!current) throw allergyError('allergy.not-found');
      assertMayChange(current.verificationStatus, command);
      const change = { id, version, by: actor.userId };
      const changed = await this.allergies.update(tx, change, toAllergyColumns(command));
      if (!changed) throw commonError('precondition.failed');
      await this.outbox.add(tx, eventBy(actor, 'allergy.changed', { id, patientId, version: changed.version }));
      return toAllergyDto(changed);
    });
  }

  /** @throws `patient.not-found` or `allergy.active-allergies` */
  setStatus(actor: HospitalActor, patientId: string, { status }: AllergyStatusChangeDto): Promise<AllergyStatusDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const version = await this.allergies.setStatus(tx, patientId, status, actor.userId);
      if (version === undefined) throw patientError('patient.not-found');
      await this.outbox.add(tx, eventBy(actor, 'patient.updated', { id: patientId, version }));
      return { allergyStatus: allergyStatusOf(status), version };
    });
  }

  async #list(tx: TenantTx, patientId: string): Promise<AllergyListDto | undefined> {
    const patient = await this.patients.find(tx, patientId);
    if (!patient) return undefined;
    const rows = await this.allergies.list(tx, patientId);
    return { allergyStatus: allergyStatusOf(patient.allergyStatus), items: rows.map(toAllergyDto) };
  }

  async #requirePatient(tx: TenantTx, id: string): Promise<PatientRow> {
    const patient = await this.patients.find(tx, id);
    if (!patient) throw patientError('patient.not-found');
    return patient;
  }
}
