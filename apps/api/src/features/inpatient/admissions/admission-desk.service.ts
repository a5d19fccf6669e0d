import { Injectable } from '@nestjs/common';
import { commonError, type AdmissionState, type AppError, type EventType } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import { coversWard, wardsFor, type HospitalActor } from '../../../platform/access/actor.js';
import { KeyedQueue } from '../../../platform/database/keyed-queue.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { patientError } from '../../patients/patients.errors.js';
import { BedsRepository, type BedRow } from '../beds/beds.repository.js';
import { toBedStateDto } from '../beds/beds.service.js';
import { inpatientError } from '../inpatient.errors.js';
import type { AdmissionDto } from './admissions.dto.js';
import { toAdmissionDto } from './admission.mapper.js';
import { AdmissionsRepository, type AdmissionMove, type AdmissionRow } from './admissions.repository.js';

type AdmissionEvent = Extract<EventType, `admission.${string}`>;

/** How many other beds a refusal names. */
const freeBedsShown = 5;
/** Further back nobody says afterwards where a patient lay. */
const maxBackdatingMs = 7 * 24 * 3_600_000;

/** What every change of an admission is made of: it is locked, moved from state to state, and told of. */
@Injectable()
export class AdmissionDesk {
  readonly #queue = new KeyedQueue(1);

  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly admissions: AdmissionsRepository,
    private readonly beds: BedsRepository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * One unit of work about an admission the actor may change, which stays as it is until `work` changes it. Answers what it
   * is then. When a bed is not free the refusal names others.
   * Those who want the bed `bedId` come one after another. With `asked`, also those may whose ward was asked to take the
   * patient; otherwise they see it only.
   * @throws `admission.not-found`, `patient.on-other-ward`, or what `work` throws
   */
  async change(
    actor: HospitalActor,
    {
      id,
      bedId,
      asked = false,
    }: { readonly id: string; readonly bedId?: string | undefined; readonly asked?: boolean },
    work: (tx: TenantTx, before: AdmissionRow) => Promise<void>,
  ): Promise<AdmissionDto> {
    const once = (): Promise<AdmissionDto> =>
      this.unitOfWork.inHospital(actor, async (tx) => {
        const before = await this.lock(tx, actor, id);
        if (!asked && !isOnWardOf(actor, before)) throw patientError('patient.on-other-ward');
        await work(tx, before);
        return toAdmissionDto(await this.require(tx, id));
      });
    try {
      return await this.#queue.run(`${actor.hospital.id}:${bedId ?? id}`, once);
    } catch (err) {
      // The transaction of a refusal is lost: other beds are looked up in another one.
      if (err instanceof BedRefused) throw await this.#notFree(actor, err);
      throw err;
    }
  }

  /** @throws `admission.not-found` */
  async lock(tx: TenantTx, actor: HospitalActor, id: string): Promise<AdmissionRow> {
    const row = await this.admissions.lock(tx, id);
    if (!row || !maySee(actor, row)) throw inpatientError('admission.not-found');
    return row;
  }

  /** @throws `admission.illegal-move` */
  async move(tx: TenantTx, before: AdmissionRow, move: AdmissionMove): Promise<void> {
    if (!(await this.admissions.move(tx, before.id, move))) throw illegalMove(before.state, move.to);
  }

  /** Tells the ward it is on, and the others that are named. */
  async tell(
    tx: TenantTx,
    actor: HospitalActor,
    type: AdmissionEvent,
    id: string,
    alsoOn: string[] = [],
  ): Promise<void> {
    const { patientId, wardId, version } = await this.require(tx, id);
    for (const ward of new Set([wardId, ...alsoOn])) {
      await this.outbox.add(tx, eventBy(actor, type, { id, patientId, wardId: ward, version }));
    }
  }

  async tellBeds(tx: TenantTx, actor: HospitalActor, ids: readonly (string | null)[]): Promise<void> {
    for (const id of new Set(ids)) {
      const bed = id === null ? undefined : await this.beds.find(tx, id);
      if (bed)
        await this.outbox.add(
          tx,
          eventBy(actor, 'bed.changed', { id: bed.id, wardId: bed.wardId, version: bed.version }),
        );
    }
  }

  /** A bed somebody named in a body. @throws `request.invalid` for one on a ward the actor does not work on */
  async requireBed(tx: TenantTx, actor: HospitalActor, id: string): Promise<BedRow> {
    const bed = await this.beds.find(tx, id);
    if (!bed || !coversWard(actor, bed.wardId)) throw invalid('bedId', 'there is no such bed');
    return bed;
  }

  async require(tx: TenantTx, id: string): Promise<AdmissionRow> {
    const row = await this.admissions.find(tx, id);
    if (!row) throw new Error('an admission vanished inside the transaction that wrote it');
    return row;
  }

  async #notFree(actor: HospitalActor, { bed, bedClass }: BedRefused): Promise<AppError> {
    const free = await this.database.readInHospital(actor.hospital, (tx) =>
      this.beds.listFree(tx, bed.wardId, bedClass, freeBedsShown),
    );
    return inpatientError('bed.not-free', { members: { freeBeds: free.map(toBedStateDto) } });
  }
}

/** Undoes the transaction of somebody who wanted a bed that is not free. */
export class BedRefused extends Error {
  constructor(
    readonly bed: BedRow,
    readonly bedClass: string | null,
  ) {
    super('bed.not-free');
  }
}

export const illegalMove = (from: AdmissionState, to: AdmissionState): AppError =>
  inpatientError('admission.illegal-move', { detail: `It is ${from}, not to be ${to}` });

/** Those limited to wards see what is on one of these, or asked of it. */
export function maySee(actor: HospitalActor, { patientId, wardId, transferWardId }: AdmissionRow): boolean {
  const wards = wardsFor(actor, patientId);
  return wards === undefined || wards.includes(wardId) || (transferWardId !== null && wards.includes(transferWardId));
}

/** Is it on a ward the actor works on? That it was asked of one is not enough. */
export function isOnWardOf(actor: HospitalActor, { patientId, wardId }: AdmissionRow): boolean {
  const wards = wardsFor(actor, patientId);
  return wards === undefined || wards.includes(wardId);
}

/** A moment somebody says afterwards. @throws `request.invalid` when it is too long ago, or not after `since` */
export function momentOf(said: Date | undefined, now: Date, since?: Date | null): Date {
  const at = said ?? now;
  if (now.getTime() - at.getTime() > maxBackdatingMs) throw invalid('at', 'at must be within the last 7 days');
  if (since && at <= since) throw invalid('at', `at must be after ${since.toISOString()}`);
  return at;
}

export const invalid = (field: string, message: string): AppError =>
  commonError('request.invalid', { errors: [{ field, code: 'invalid', message }] });
