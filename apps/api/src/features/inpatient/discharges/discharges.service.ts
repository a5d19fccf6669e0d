import { Injectable } from '@nestjs/common';
import type { Departure, Permission } from '@hms/contracts';
import { HospitalDatabase, type TenantPrisma, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { presentFields } from '../../../platform/http/patch.js';
import { PatientDeaths } from '../../patients/patient-deaths.service.js';
import { PatientPlacement } from '../../patients/patient-placement.service.js';
import { AdmissionDesk, illegalMove, maySee, momentOf } from '../admissions/admission-desk.service.js';
import type { AdmissionDto } from '../admissions/admissions.dto.js';
import { AdmissionsRepository, type AdmissionRow } from '../admissions/admissions.repository.js';
import { InpatientEncountersRepository } from '../admissions/inpatient-encounters.repository.js';
import { StaysService } from '../admissions/stays.service.js';
import { inpatientError } from '../inpatient.errors.js';
import { dischargeTypes, type DischargeItem, type DischargeType } from '../inpatient.terms.js';
import type {
  DepartureDto,
  DischargeDto,
  DischargeReadyDto,
  FollowUpDto,
  OpenItemDto,
  OrderDischargeDto,
  ReadmissionScoreDto,
} from './discharges.dto.js';
import { DischargesRepository, statedOf, type DischargeRow } from './discharges.repository.js';
import { readmissionScores, type StoredScore } from './readmission.policy.js';

/** Of those who leave without an order. */
const unplanned: Readonly<Partial<Record<Departure, DischargeType>>> = {
  absconded: 'oth',
  deceased: 'exp',
  left_against_advice: 'aadvice',
};

/** How a stay ends: ordered, made ready, and over when the patient has left. Only then the bed is. */
@Injectable()
export class DischargesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly desk: AdmissionDesk,
    private readonly stays: StaysService,
    private readonly admissions: AdmissionsRepository,
    private readonly encounters: InpatientEncountersRepository,
    private readonly discharges: DischargesRepository,
    private readonly placement: PatientPlacement,
    private readonly deaths: PatientDeaths,
  ) {}

  /** Scores, alarms and why something was waived are shown to those who may read such. @throws `admission.not-found` */
  get(actor: HospitalActor, id: string): Promise<DischargeDto> {
    const now = new Date();
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const row = await this.admissions.find(tx, id);
      if (!row || !maySee(actor, row)) throw inpatientError('admission.not-found');
      const found = await this.discharges.find(tx, id);
      const waivers = await this.#waivers(tx, id, found);
      const isOver = row.leftAt !== null;
      const scores = isOver ? await this.discharges.scores(tx, id) : await this.#scores(tx, row, found, now);
      const openItems = isOver ? [] : await this.#openItems(tx, row, scores);
      return shownTo(actor, {
        admissionId: id,
        patientId: row.patientId,
        ...toCourse(found),
        openItems: openItems.filter(({ item }) => !waivers.some((waiver) => waiver.item === item)),
        waivers: waivers.map((waiver) => ({
          ...waiver,
          item: waiver.item as DischargeItem,
          waivedAt: waiver.waivedAt.toISOString(),
        })),
        scores: scores.map(toScoreDto),
      });
    });
  }

  /** The patient keeps the bed. @throws `admission.not-found`, `patient.on-other-ward` or `admission.illegal-move` */
  order(actor: HospitalActor, id: string, { type, followUp = [] }: OrderDischargeDto): Promise<AdmissionDto> {
    const now = new Date();
    return this.desk.change(actor, { id }, async (tx, before) => {
      const by = actor.userId;
      await this.desk.move(tx, before, { to: 'discharge_ordered', by });
      const told = followUp.map((each) => ({ ...each })) as TenantPrisma.InputJsonArray;
      await this.discharges.write(tx, id, { type, followUp: told, orderedAt: now, orderedBy: by });
      await this.desk.tell(tx, actor, 'admission.discharge-ordered', id);
    });
  }

  /**
   * The patient stays after all. What was waived or stated for this discharge does not count for another.
   * @throws `admission.not-found`, `patient.on-other-ward` or `admission.illegal-move`
   */
  withdraw(actor: HospitalActor, id: string, reason: string): Promise<AdmissionDto> {
    return this.desk.change(actor, { id }, async (tx, before) => {
      if (before.state === 'accepted') throw illegalMove(before.state, 'admitted');
      await this.desk.move(tx, before, { to: 'admitted', by: actor.userId, reason });
      const found = await this.discharges.find(tx, id);
      if (!found) throw new Error('a discharge that was ordered is written down');
      const none = { orderedAt: null, orderedBy: null, readyAt: null, readyBy: null, scoreInputs: {} };
      await this.discharges.write(tx, id, { type: found.type, ...none });
      await this.desk.tell(tx, actor, 'admission.discharge-withdrawn', id);
    });
  }

  /**
   * Nothing keeps the patient any longer.
   * @throws `admission.not-found`, `patient.on-other-ward`, `admission.illegal-move`, or `discharge.open-items` unless each
   * is settled or waived
   */
  ready(actor: HospitalActor, id: string, { waivers = [], scoreInputs }: DischargeReadyDto): Promise<AdmissionDto> {
    const now = new Date();
    return this.desk.change(actor, { id }, async (tx, before) => {
      const by = actor.userId;
      await this.desk.move(tx, before, { to: 'discharge_ready', by });
      const found = await this.discharges.find(tx, id);
      if (!found?.orderedAt) throw new Error('a discharge that was ordered is written down');
      const stated = { ...statedOf(found), ...presentFields({ ...scoreInputs }) };
      const written = { type: found.type, scoreInputs: stated as TenantPrisma.InputJsonObject };
      await this.discharges.write(tx, id, { ...written, readyAt: now, readyBy: by });
      await this.discharges.waive(tx, { admissionId: id, orderedAt: found.orderedAt }, waivers, by);
      await this.#assertSettled(tx, before, now);
      await this.desk.tell(tx, actor, 'admission.discharge-ready', id);
    });
  }

  /**
   * The patient has left, and the bed is to be cleaned. What is known of the risk that they come back is kept with it,
   * unless they died: then their record says so, too.
   * @throws `admission.not-found`, `patient.on-other-ward`, `admission.illegal-move` or `request.invalid`
   */
  depart(actor: HospitalActor, id: string, { state, at: said, reason }: DepartureDto): Promise<AdmissionDto> {
    const now = new Date();
    return this.desk.change(actor, { id }, async (tx, before) => {
      const by = actor.userId;
      const at = momentOf(said, now, before.inBedSince);
      await this.placement.lock(tx, before.patientId);
      await this.desk.move(tx, before, { to: state, by, reason, leftAt: at });
      const found = await this.discharges.find(tx, id);
      const type = unplanned[state] ?? (found?.type as DischargeType | undefined) ?? 'oth';
      await this.discharges.write(tx, id, { type, leftAt: at, leftBy: by });
      if (state === 'deceased') await this.deaths.record(tx, actor, before.patientId, at);
      else await this.discharges.storeScores(tx, id, await this.#scores(tx, before, found, at), by);
      await this.encounters.end(tx, before.encounterId, { at, disposition: dischargeTypes[type], by });
      await this.stays.leave(tx, actor, before, at);
      await this.desk.tell(
        tx,
        actor,
        'admission.ended',
        id,
        before.transferWardId === null ? [] : [before.transferWardId],
      );
    });
  }

  async #assertSettled(tx: TenantTx, admission: AdmissionRow, now: Date): Promise<void> {
    const found = await this.discharges.find(tx, admission.id);
    const items = await this.#openItems(tx, admission, await this.#scores(tx, admission, found, now));
    const waived = new Set((await this.#waivers(tx, admission.id, found)).map(({ item }) => item));
    const openItems = items.filter(({ item }) => !waived.has(item));
    if (openItems.length > 0) throw inpatientError('discharge.open-items', { members: { openItems } });
  }

  async #waivers(tx: TenantTx, admissionId: string, found: DischargeRow | null) {
    const orderedAt = found?.orderedAt;
    return orderedAt ? this.discharges.waivers(tx, { admissionId, orderedAt }) : [];
  }

  async #openItems(
    tx: TenantTx,
    { encounterId, patientId, transferId }: AdmissionRow,
    scores: readonly Pick<StoredScore, 'missing'>[],
  ): Promise<OpenItemDto[]> {
    const { undiagnosed, unsigned } = await this.encounters.records(tx, encounterId);
    const missing = [...new Set(scores.flatMap((score) => score.missing))];
    const counts: Readonly<Record<DischargeItem, number>> = {
      'no-diagnosis': undiagnosed ? 1 : 0,
      'unsigned-notes': unsigned,
      'open-alarms': await this.discharges.openAlarms(tx, patientId),
      'incomplete-scores': missing.length,
      'open-transfer': transferId === null ? 0 : 1,
    };
    return Object.entries(counts).flatMap(([item, count]) =>
      count === 0 ? [] : [{ item: item as DischargeItem, count, missing: item === 'incomplete-scores' ? missing : [] }],
    );
  }

  /** None of somebody who has not come. */
  async #scores(
    tx: TenantTx,
    { id, admittedAt, urgency }: AdmissionRow,
    found: DischargeRow | null,
    at: Date,
  ): Promise<StoredScore[]> {
    if (admittedAt === null) return [];
    return readmissionScores(statedOf(found), { admittedAt, urgency, ...(await this.discharges.recorded(tx, id)) }, at);
  }
}

/** What a reader has to be allowed to be shown an item. */
const neededFor: Readonly<Partial<Record<DischargeItem, Permission>>> = {
  'open-alarms': 'vitals:read',
  'incomplete-scores': 'condition:read',
};

function shownTo({ permissions }: HospitalActor, all: DischargeDto): DischargeDto {
  const isShown = ({ item }: { readonly item: DischargeItem }): boolean => {
    const needed = neededFor[item];
    return needed === undefined || permissions.has(needed);
  };
  const seesConditions = permissions.has('condition:read');
  return {
    ...all,
    openItems: all.openItems.filter(isShown),
    waivers: seesConditions ? all.waivers.filter(isShown) : [],
    scores: seesConditions ? all.scores : [],
  };
}

const toCourse = (
  row: DischargeRow | null,
): Pick<DischargeDto, 'type' | 'orderedAt' | 'readyAt' | 'leftAt' | 'followUp'> => ({
  type: row?.type ?? null,
  orderedAt: row?.orderedAt?.toISOString() ?? null,
  readyAt: row?.readyAt?.toISOString() ?? null,
  leftAt: row?.leftAt?.toISOString() ?? null,
  followUp: (row?.followUp ?? []) as unknown as FollowUpDto[],
});

const toScoreDto = (
  score: Omit<ReadmissionScoreDto, 'inputs' | 'missing'> & { inputs: unknown; missing: readonly string[] },
): ReadmissionScoreDto => ({
  profile: score.profile,
  version: score.version,
  inputs: score.inputs as Record<string, unknown>,
  total: score.total,
  partial: score.partial,
  band: score.band,
  missing: [...score.missing],
});
