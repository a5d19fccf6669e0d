import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { wardsFor, type HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { presentFields, toDate } from '../../../platform/http/patch.js';
import { RegisteredPatients } from '../../patients/registered-patients.service.js';
import { UsersService } from '../../users/users.service.js';
import { WardsService } from '../../wards/wards.service.js';
import { BedsRepository } from '../beds/beds.repository.js';
import { inpatientError } from '../inpatient.errors.js';
import { AdmissionDesk } from './admission-desk.service.js';
import { toAdmissionDto } from './admission.mapper.js';
import type { AdmissionDto, AdmissionsQueryDto, ChangeAdmissionDto, RequestAdmissionDto } from './admissions.dto.js';
import { AdmissionsRepository } from './admissions.repository.js';
import { InpatientEncountersRepository } from './inpatient-encounters.repository.js';

@Injectable()
export class AdmissionsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly desk: AdmissionDesk,
    private readonly admissions: AdmissionsRepository,
    private readonly encounters: InpatientEncountersRepository,
    private readonly beds: BedsRepository,
    private readonly patients: RegisteredPatients,
    private readonly users: UsersService,
    private readonly wards: WardsService,
  ) {}

  /** Newest first. */
  list(actor: HospitalActor, { limit, cursor, ...filter }: AdmissionsQueryDto): Promise<Page<AdmissionDto>> {
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const rows = await this.admissions.list(tx, filter, { within: actor.wardIds, before, take: limit + 1 });
      return toPage(rows, limit, toAdmissionDto, ({ id }) => [id]);
    });
  }

  /** @throws `admission.not-found` */
  get(actor: HospitalActor, id: string): Promise<AdmissionDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const row = await this.admissions.find(tx, id);
      const wards = row && wardsFor(actor, row.patientId);
      if (!row || !(await this.admissions.find(tx, id, wards))) throw inpatientError('admission.not-found');
      return toAdmissionDto(row);
    });
  }

  /**
   * Asks a ward to take the patient, with an encounter that is planned from then on.
   * @throws `patient.not-found`, `user.not-found`, `admission.patient-has-one` or `request.invalid`
   */
  async request(actor: HospitalActor, command: RequestAdmissionDto): Promise<AdmissionDto> {
    const { patientId, wardId, source, urgency, reason, bedClass = null, attendingId = null } = command;
    if (attendingId !== null) await this.users.get(actor, attendingId);
    const now = new Date();
    const by = actor.userId;
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.patients.require(tx, patientId);
      await this.wards.requireNamed(tx, actor, wardId);
      const encounterId = await this.encounters.plan(tx, { patientId, responsibleId: attendingId, reason }, by, now);
      const id = uuidv7();
      const expectedDischarge = toDate(command.expectedDischarge) ?? null;
      const asked = { patientId, encounterId, wardId, source, urgency, bedClass, reason, attendingId };
      await this.admissions.insert(tx, { id, ...asked, expectedDischarge, requestedAt: now }, by);
      await this.desk.tell(tx, actor, 'admission.requested', id);
      return toAdmissionDto(await this.desk.require(tx, id));
    });
  }

  /** @throws `admission.not-found`, `patient.on-other-ward`, `user.not-found` or `precondition.failed` */
  async change(
    actor: HospitalActor,
    { id, version }: { readonly id: string; readonly version: number },
    { attendingId, expectedDischarge }: ChangeAdmissionDto,
  ): Promise<AdmissionDto> {
    if (typeof attendingId === 'string') await this.users.get(actor, attendingId);
    const change = presentFields({ attendingId, expectedDischarge: toDate(expectedDischarge) });
    return this.desk.change(actor, { id }, async (tx) => {
      if (!(await this.admissions.change(tx, { id, version }, change, actor.userId)))
        throw commonError('precondition.failed');
      await this.desk.tell(tx, actor, 'admission.changed', id);
    });
  }

  /** Before the patient came. @throws `admission.not-found` or `admission.illegal-move` */
  cancel(actor: HospitalActor, id: string, reason: string): Promise<AdmissionDto> {
    return this.desk.change(actor, { id }, async (tx, before) => {
      const by = actor.userId;
      await this.desk.move(tx, before, { to: 'cancelled', by, reason });
      await this.encounters.cancel(tx, before.encounterId, reason, by);
      await this.beds.release(tx, id, by);
      await this.desk.tellBeds(tx, actor, [before.reservedBedId]);
      await this.desk.tell(tx, actor, 'admission.cancelled', id);
    });
  }
}
