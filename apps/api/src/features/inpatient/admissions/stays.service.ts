import { Injectable } from '@nestjs/common';
import { commonError, stayingStates } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { DeviceMoves } from '../../devices/device-moves.service.js';
import { PatientPlacement } from '../../patients/patient-placement.service.js';
import { patientError } from '../../patients/patients.errors.js';
import { WardsService } from '../../wards/wards.service.js';
import { BedsRepository, type BedRow } from '../beds/beds.repository.js';
import { inpatientError } from '../inpatient.errors.js';
import { AdmissionDesk, BedRefused, illegalMove, invalid, isOnWardOf, momentOf } from './admission-desk.service.js';
import type {
  AcceptAdmissionDto,
  AdmissionDto,
  AdmitPatientDto,
  MoveToBedDto,
  RequestTransferDto,
} from './admissions.dto.js';
import { AdmissionsRepository, type AdmissionRow } from './admissions.repository.js';
import { BedAssignmentsRepository } from './bed-assignments.repository.js';
import { InpatientEncountersRepository } from './inpatient-encounters.repository.js';

/** Which admission a request is about, and which version of it was read. */
export interface AdmissionVersion {
  readonly id: string;
  readonly version: number;
}

/** Where inpatients lie. The ward of their record and the devices they wear follow the bed in the same transaction. */
@Injectable()
export class StaysService {
  constructor(
    private readonly desk: AdmissionDesk,
    private readonly admissions: AdmissionsRepository,
    private readonly assignments: BedAssignmentsRepository,
    private readonly encounters: InpatientEncountersRepository,
    private readonly beds: BedsRepository,
    private readonly placement: PatientPlacement,
    private readonly devices: DeviceMoves,
    private readonly wards: WardsService,
  ) {}

  /**
   * The ward will take the patient; a bed may be kept.
   * @throws `admission.not-found`, `admission.illegal-move`, `bed.not-free` or `request.invalid`
   */
  accept(actor: HospitalActor, id: string, { bedId }: AcceptAdmissionDto): Promise<AdmissionDto> {
    return this.desk.change(actor, { id, bedId }, async (tx, before) => {
      const by = actor.userId;
      await this.desk.move(tx, before, { to: 'accepted', by });
      if (bedId !== undefined) {
        const bed = await this.desk.requireBed(tx, actor, bedId);
        if (bed.wardId !== before.wardId) throw invalid('bedId', 'the bed is not on the ward that was asked');
        if (!(await this.beds.move(tx, bedId, { to: 'reserved', by, reservedFor: id })))
          throw new BedRefused(bed, before.bedClass);
        await this.desk.tellBeds(tx, actor, [bedId]);
      }
      await this.desk.tell(tx, actor, 'admission.accepted', id);
    });
  }

  /**
   * The patient lies down in a bed, and the encounter begins.
   * @throws `admission.not-found`, `admission.illegal-move`, `admission.encounter-open`, `admission.encounter-over`,
   * `bed.not-free` or `request.invalid`
   */
  admit(actor: HospitalActor, id: string, { bedId, at: said }: AdmitPatientDto): Promise<AdmissionDto> {
    const now = new Date();
    return this.desk.change(actor, { id, bedId }, async (tx, before) => {
      const by = actor.userId;
      if (before.state !== 'accepted') throw illegalMove(before.state, 'admitted');
      const wanted = bedId ?? before.reservedBedId;
      if (wanted === null) throw invalid('bedId', 'bedId must name a bed: none is kept for this patient');
      const bed = await this.desk.requireBed(tx, actor, wanted);
      const at = momentOf(said, now);
      await this.placement.lock(tx, before.patientId);
      await this.beds.lock(tx, [wanted, before.reservedBedId ?? wanted]);
      if (before.reservedBedId !== wanted) await this.beds.release(tx, id, by);
      const { encounterId } = before;
      await this.#lieDown(tx, before, bed, { encounterId, from: at, reason: before.reason.slice(0, 500), by });
      await this.encounters.begin(tx, encounterId, at, by);
      await this.desk.move(tx, before, { to: 'admitted', by, wardId: bed.wardId, admittedAt: at });
      await this.#follow(tx, actor, before, bed, at);
      await this.desk.tellBeds(tx, actor, [wanted, before.reservedBedId]);
      await this.desk.tell(tx, actor, 'admission.admitted', id, [before.wardId]);
    });
  }

  /**
   * Takes the patient to another bed, of another ward too: that ends a request for it. Somebody limited to wards needs
   * both of them, or that the other one was asked.
   * @throws `admission.not-found`, `admission.illegal-move`, `precondition.failed`, `bed.not-free`,
   * `patient.on-other-ward` or `request.invalid`
   */
  move(actor: HospitalActor, { id, version }: AdmissionVersion, command: MoveToBedDto): Promise<AdmissionDto> {
    const { bedId, reason } = command;
    const now = new Date();
    return this.desk.change(actor, { id, bedId, asked: true }, async (tx, before) => {
      const by = actor.userId;
      if (before.version !== version) throw commonError('precondition.failed');
      assertStays(before);
      const bed = await this.desk.requireBed(tx, actor, bedId);
      assertMayTake(actor, before, bed);
      if (before.bedId === bedId) throw invalid('bedId', 'the patient lies in this bed');
      const at = momentOf(command.at, now, before.inBedSince);
      await this.beds.lock(tx, [bedId, before.bedId ?? bedId]);
      await this.assignments.end(tx, before.encounterId, at, by);
      await this.#lieDown(tx, before, bed, { encounterId: before.encounterId, from: at, reason, by });
      await this.admissions.change(tx, { id, version }, { wardId: bed.wardId }, by);
      if (before.transferId !== null && before.transferWardId === bed.wardId)
        await this.admissions.closeTransfer(tx, before.transferId, {
          status: 'completed',
          closedAt: now,
          closedBy: by,
        });
      await this.#follow(tx, actor, before, bed, at);
      await this.desk.tellBeds(tx, actor, [before.bedId, bedId]);
      await this.desk.tell(tx, actor, 'admission.moved', id, [before.wardId]);
    });
  }

  /**
   * Asks another ward to take the patient.
   * @throws `admission.not-found`, `patient.on-other-ward`, `admission.illegal-move`, `transfer-request.open` or
   * `request.invalid`
   */
  requestTransfer(actor: HospitalActor, id: string, command: RequestTransferDto): Promise<AdmissionDto> {
    const { wardId: toWardId, bedClass = null, reason } = command;
    return this.desk.change(actor, { id }, async (tx, before) => {
      assertStays(before);
      if (toWardId === before.wardId) throw invalid('wardId', 'the patient lies on this ward');
      await this.wards.requireInUse(tx, toWardId);
      const asked = { id: uuidv7(), admissionId: id, toWardId, bedClass, reason };
      await this.admissions.requestTransfer(tx, { ...asked, requestedAt: new Date(), createdBy: actor.userId });
      await this.desk.tell(tx, actor, 'admission.transfer-changed', id, [toWardId]);
    });
  }

  /** @throws `admission.not-found` or `transfer-request.not-found` */
  cancelTransfer(actor: HospitalActor, id: string, reason: string): Promise<AdmissionDto> {
    return this.desk.change(actor, { id, asked: true }, async (tx, { transferId, transferWardId }) => {
      if (transferId === null || transferWardId === null) throw inpatientError('transfer-request.not-found');
      const close = { status: 'cancelled', closedAt: new Date(), closedBy: actor.userId, closeReason: reason } as const;
      await this.admissions.closeTransfer(tx, transferId, close);
      await this.desk.tell(tx, actor, 'admission.transfer-changed', id, [transferWardId]);
    });
  }

  /**
   * The patient has left the bed and the hospital: the bed is to be cleaned, devices come off, and no ward is theirs.
   * Part of the caller's transaction.
   */
  async leave(tx: TenantTx, actor: HospitalActor, before: AdmissionRow, at: Date): Promise<void> {
    const by = actor.userId;
    await this.assignments.end(tx, before.encounterId, at, by);
    if (before.transferId !== null) {
      const close = {
        status: 'cancelled',
        closedAt: new Date(),
        closedBy: by,
        closeReason: 'The patient left',
      } as const;
      await this.admissions.closeTransfer(tx, before.transferId, close);
    }
    await this.placement.follow(tx, actor, before.patientId, null);
    await this.devices.release(tx, actor, before.patientId, at);
    await this.desk.tellBeds(tx, actor, [before.bedId]);
  }

  async #lieDown(
    tx: TenantTx,
    before: AdmissionRow,
    bed: BedRow,
    stay: { readonly encounterId: string; readonly from: Date; readonly reason: string; readonly by: string },
  ): Promise<void> {
    if (!(await this.assignments.begin(tx, { ...stay, bedId: bed.id }))) throw new BedRefused(bed, before.bedClass);
  }

  async #follow(
    tx: TenantTx,
    actor: HospitalActor,
    { patientId }: AdmissionRow,
    { id: bedId, wardId }: BedRow,
    at: Date,
  ): Promise<void> {
    await this.placement.follow(tx, actor, patientId, wardId);
    await this.devices.follow(tx, actor, patientId, { wardId, bedId }, at);
  }
}

function assertStays({ state }: AdmissionRow): void {
  if (!(stayingStates as readonly string[]).includes(state))
    throw inpatientError('admission.illegal-move', { detail: `It is ${state}: the patient lies in no bed` });
}

function assertMayTake(actor: HospitalActor, admission: AdmissionRow, bed: BedRow): void {
  if (isOnWardOf(actor, admission) || admission.transferWardId === bed.wardId) return;
  throw patientError('patient.on-other-ward');
}
