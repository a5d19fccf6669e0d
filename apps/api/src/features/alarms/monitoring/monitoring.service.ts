import { Injectable } from '@nestjs/common';
import { inputsAt, observedCodes, scoreQsofa, type Observation, type Score } from '@hms/clinical-rules';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { AssignmentsService } from '../../devices/assignments.service.js';
import type { LatestScoreDto, MonitoringDto, ScoreDto, ScoresQueryDto, SetMonitoringDto } from './monitoring.dto.js';
import { toMonitoringDto, toQsofaDto, toScoreDto } from './monitoring.mapper.js';
import { assertReasoned } from './monitoring.policy.js';
import { MonitoringRepository } from './monitoring.repository.js';

/** How a patient is scored, and the scores. What is decided counts with the next score, which is computed at once. */
@Injectable()
export class MonitoringService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly monitoring: MonitoringRepository,
    private readonly assignments: AssignmentsService,
    private readonly outbox: Outbox,
  ) {}

  /** @throws `patient.not-found` */
  get(actor: HospitalActor, patientId: string): Promise<MonitoringDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      return toMonitoringDto(patientId, await this.monitoring.find(tx, patientId));
    });
  }

  /**
   * Version 0 is the first decision.
   * @throws `patient.not-found`, `request.invalid` or `precondition.failed`
   */
  set(actor: HospitalActor, patientId: string, version: number, command: SetMonitoringDto): Promise<MonitoringDto> {
    const { spo2Scale, score, reason = null } = command;
    const choice = { spo2Scale, score, reason };
    assertReasoned(choice);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      const row =
        version === 0
          ? await this.monitoring.insert(tx, patientId, choice, actor.userId)
          : await this.monitoring.update(tx, { patientId, version }, choice, actor.userId);
      if (!row) throw commonError('precondition.failed');
      await this.outbox.add(tx, eventBy(actor, 'monitoring.changed', { patientId, version: row.version }));
      return toMonitoringDto(patientId, row);
    });
  }

  /** Newest first. @throws `patient.not-found` */
  scores(actor: HospitalActor, patientId: string, query: ScoresQueryDto): Promise<Page<ScoreDto>> {
    const { limit, cursor, profile } = query;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { micros: 'integer', profile: 'text' });
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      const rows = await this.monitoring.scores(tx, { patientId, profile }, before, limit + 1);
      return toPage(rows, limit, toScoreDto, (row) => [Number(row.micros), row.profile]);
    });
  }

  /** @throws `patient.not-found` */
  latestScore(actor: HospitalActor, patientId: string): Promise<LatestScoreDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      const [row] = await this.monitoring.scores(tx, { patientId, profile: undefined }, undefined, 1);
      const score = row ? toScoreDto(row) : null;
      const qsofa = row?.profile === 'news2' ? toQsofaDto(await this.#qsofa(tx, patientId)) : null;
      return { patientId, score, qsofa };
    });
  }

  /** From what is known now: a kept score has the inputs of when it changed. */
  async #qsofa(tx: TenantTx, patientId: string): Promise<Score> {
    const known = new Map<string, Observation>();
    for (const { code, value, at } of await this.monitoring.observations(tx, patientId, observedCodes)) {
      if (at >= (known.get(code)?.at ?? -Infinity)) known.set(code, { value, at });
    }
    return scoreQsofa(inputsAt((code) => known.get(code), Date.now()));
  }
}
