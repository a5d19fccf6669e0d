import { Injectable } from '@nestjs/common';
import { commonError, formatMrn } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { FieldCipher } from '@hms/encryption';
import { uuidv7 } from 'uuidv7';
import type { HospitalActor } from '../../platform/access/actor.js';
import { Cache } from '../../platform/cache/cache.service.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { Encryption } from '../../platform/encryption/encryption.service.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { PatientEndings } from '../appointments/patient-endings.service.js';
import { DeviceReleases } from '../devices/device-releases.service.js';
import { WardsService } from '../wards/wards.service.js';
import { assertMayWrite, seesDeleted } from './clinical-fields.policy.js';
import { versionOfField } from './field-versions.policy.js';
import { PatientIdentifiersRepository } from './patient-identifiers.repository.js';
import { PatientSearchRepository } from './patient-search.repository.js';
import { birthDateOf, toPatientDto, toPatientRecord, visibleTo, type PatientRecord } from './patient.mapper.js';
import { toPatientColumns } from './patient.values.js';
import type {
  CreatePatientDto,
  DeletePatientDto,
  PatientDto,
  PlacePatientDto,
  UpdatePatientDto,
} from './patients.dto.js';
import { patientError } from './patients.errors.js';
import { PatientsRepository, type Change, type PatientRow } from './patients.repository.js';
import { mayTakeFrom } from './placement.policy.js';

type PatientEvent = 'patient.registered' | 'patient.updated' | 'patient.deleted' | 'patient.restored';

@Injectable()
export class PatientsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly cache: Cache,
    private readonly encryption: Encryption,
    private readonly patients: PatientsRepository,
    private readonly identifiers: PatientIdentifiersRepository,
    private readonly search: PatientSearchRepository,
    private readonly devices: DeviceReleases,
    private readonly wards: WardsService,
    private readonly endings: PatientEndings,
    private readonly outbox: Outbox,
  ) {}

  /** @throws `patient.not-found` */
  async get(actor: HospitalActor, id: string): Promise<PatientDto> {
    const cipher = await this.encryption.forHospital(actor.hospital);
    const load = async (): Promise<PatientRecord | undefined> => {
      const row = await this.database.readInHospital(actor.hospital, (tx) => this.patients.find(tx, id, true));
      return row ? toPatientRecord(row, cipher) : undefined;
    };
    // What lacks its identifiers is not kept, and what has them is not shown without the keys.
    const record = await (cipher.available
      ? this.cache.hospital(actor).read(`patient:${id}`, { tags: [`patient:${id}`] }, load)
      : load());
    if (!record || (record.identity.deletedAt !== null && !seesDeleted(actor))) throw patientError('patient.not-found');
    return visibleTo(actor, record);
  }

  /** The record whose subject the actor is. @throws `patient.not-found` */
  own(actor: HospitalActor): Promise<PatientDto> {
    if (actor.patientId === undefined) throw patientError('patient.not-found');
    return this.get(actor, actor.patientId);
  }

  /** @throws `patient.possible-duplicate`, `patient.identifier-taken` or `auth.forbidden` */
  async create(actor: HospitalActor, command: CreatePatientDto): Promise<PatientDto> {
    assertMayWrite(actor, command);
    const { familyName, givenName, identifiers = [], confirmDuplicate = false } = command;
    const values = toPatientColumns(command);
    const id = uuidv7();
    const change = { by: actor.userId, cipher: await this.encryption.forHospital(actor.hospital) };
    return this.unitOfWork.inHospital(actor, async (tx) => {
      // First, because it makes creations queue: no namesake can appear between the check and the insert.
      const mrn = formatMrn(await this.patients.nextRecordNumber(tx));
      if (!confirmDuplicate) await this.#refuseNamesakes(tx, command, values.birthDate ?? null);
      await this.patients.insert(tx, { ...values, id, mrn, familyName, givenName }, change.by);
      await this.identifiers.replace(tx, id, identifiers, change);
      return this.#tell(tx, actor, 'patient.registered', await this.#answer(tx, actor, id, change.cipher));
    });
  }

  /**
   * Whoever died is awaited no more: what they were still to come to is cancelled.
   * @throws `patient.not-found`, `precondition.failed`, `patient.identifier-taken` or `auth.forbidden`
   */
  async update(actor: HospitalActor, id: string, version: number, command: UpdatePatientDto): Promise<PatientDto> {
    const change = await this.prepareUpdate(actor, id, command);
    return this.unitOfWork.inHospital(actor, (tx) => change(tx, version));
  }

  /**
   * The same as {@link update}, to be made in a transaction of the caller's at the version it found.
   * @throws `auth.forbidden`
   */
  async prepareUpdate(
    actor: HospitalActor,
    id: string,
    command: UpdatePatientDto,
  ): Promise<(tx: TenantTx, version: number) => Promise<PatientDto>> {
    assertMayWrite(actor, command);
    const by = actor.userId;
    const cipher = await this.encryption.forHospital(actor.hospital);
    return async (tx, version) => {
      const updated = await this.patients.update(tx, { id, version, by }, toPatientColumns(command));
      if (!updated) throw await this.#whyNot(tx, id);
      if (command.identifiers) await this.identifiers.replace(tx, id, command.identifiers, { by, cipher });
      if (command.deceasedAt) await this.endings.record(tx, actor, id);
      return this.#tell(tx, actor, 'patient.updated', await this.#answer(tx, actor, id, cipher));
    };
  }

  /**
   * The patient's version, and which of these fields changed since `version`. Until the transaction ends none changes.
   * @throws `patient.not-found`
   */
  async changedSince(
    tx: TenantTx,
    id: string,
    version: number,
    fields: readonly string[],
  ): Promise<{ readonly version: number; readonly changed: string[] }> {
    const found = await this.patients.lockFields(tx, id);
    if (!found) throw patientError('patient.not-found');
    return { version: found.version, changed: fields.filter((field) => versionOfField(found, field) > version) };
  }

  /**
   * Says where the patient lies now: on a ward in use, or on none.
   * @throws `patient.not-found`, `patient.on-other-ward`, `precondition.failed`, or `request.invalid` for the ward
   */
  async place(actor: HospitalActor, id: string, version: number, { wardId }: PlacePatientDto): Promise<PatientDto> {
    const cipher = await this.encryption.forHospital(actor.hospital);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const patient = await this.patients.find(tx, id);
      if (!patient) throw patientError('patient.not-found');
      if (!mayTakeFrom(actor, patient)) throw patientError('patient.on-other-ward');
      if (wardId !== null) await this.wards.requireNamed(tx, actor, wardId);
      const placed = await this.patients.place(tx, { id, version, by: actor.userId }, wardId);
      if (!placed) throw await this.#whyNot(tx, id);
      return this.#tell(tx, actor, 'patient.updated', await this.#answer(tx, actor, id, cipher));
    });
  }

  /**
   * Hides the record, keeping it and the reason. Its devices come off, and what it was still to come to is cancelled.
   * @throws `patient.not-found`, `patient.admitted` or `precondition.failed`
   */
  async delete(actor: HospitalActor, id: string, version: number, { reason }: DeletePatientDto): Promise<PatientDto> {
    const change = { id, version, by: actor.userId };
    const now = new Date();
    const cipher = await this.encryption.forHospital(actor.hospital);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.devices.beforeDeletion(tx, actor, id, now);
      const deleted = await this.patients.delete(tx, change, { deletedAt: now, deletedReason: reason });
      if (!deleted) throw await this.#whyNot(tx, id);
      await this.identifiers.endAll(tx, id, now, actor.userId);
      await this.endings.record(tx, actor, id);
      return this.#tell(tx, actor, 'patient.deleted', await this.#answer(tx, actor, id, cipher));
    });
  }

  /** @throws `patient.not-found`, `patient.not-deleted`, `precondition.failed` or `patient.identifier-taken` */
  async restore(actor: HospitalActor, id: string, version: number): Promise<PatientDto> {
    const cipher = await this.encryption.forHospital(actor.hospital);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const before = await this.patients.find(tx, id, true);
      if (!before) throw patientError('patient.not-found');
      if (before.deletedAt === null) throw patientError('patient.not-deleted');
      await this.#restore(tx, { id, version, by: actor.userId }, before.deletedAt);
      return this.#tell(tx, actor, 'patient.restored', await this.#answer(tx, actor, id, cipher));
    });
  }

  async #restore(tx: TenantTx, change: Change, deletedAt: Date): Promise<void> {
    if (!(await this.patients.restore(tx, change))) throw commonError('precondition.failed');
    await this.identifiers.resume(tx, change.id, deletedAt, change.by);
  }

  async #refuseNamesakes(tx: TenantTx, name: CreatePatientDto, birthDate: Date | null): Promise<void> {
    const { familyName, givenName } = name;
    const ids = await this.search.namesakes(tx, { familyName, givenName, birthDate });
    if (ids.length === 0) return;
    const candidates = (await this.patients.findAll(tx, ids)).map(toCandidate);
    throw patientError('patient.possible-duplicate', { members: { candidates } });
  }

  /** Why a conditional change found nothing to change. */
  async #whyNot(tx: TenantTx, id: string): Promise<Error> {
    const there = await this.patients.find(tx, id);
    return there ? commonError('precondition.failed') : patientError('patient.not-found');
  }

  async #tell(tx: TenantTx, actor: HospitalActor, change: PatientEvent, patient: PatientDto): Promise<PatientDto> {
    const { id, version } = patient;
    await this.outbox.add(tx, eventBy(actor, change, { id, version }));
    return patient;
  }

  async #answer(tx: TenantTx, actor: HospitalActor, id: string, cipher: FieldCipher): Promise<PatientDto> {
    const row = await this.patients.find(tx, id, true);
    if (!row) throw new Error('a patient vanished inside the transaction that wrote it');
    return toPatientDto(actor, row, cipher);
  }
}

const toCandidate = (row: PatientRow) => ({
  id: row.id,
  mrn: row.mrn,
  familyName: row.familyName,
  givenName: row.givenName,
  birthDate: birthDateOf(row),
});
