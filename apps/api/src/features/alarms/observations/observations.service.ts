import { Injectable } from '@nestjs/common';
import { chartedFromNumber, chartedSigns, chartedToNumber, type ChartedSign } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { AssignmentsService } from '../../devices/assignments.service.js';
import { alarmError } from '../alarms.errors.js';
import { assertPlausible, timeOfRound } from './charting.policy.js';
import {
  observationStatuses,
  type ChartObservationsDto,
  type ObservationDto,
  type ObservationListDto,
  type ObservationsQueryDto,
  type VoidObservationDto,
} from './observations.dto.js';
import { ObservationsRepository, type ObservationRow } from './observations.repository.js';

/** What people observe at the bedside. Charting or voiding makes the patient's score due again. */
@Injectable()
export class ObservationsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly observations: ObservationsRepository,
    private readonly assignments: AssignmentsService,
    private readonly outbox: Outbox,
  ) {}

  /** @throws `patient.not-found` or `request.invalid` */
  chart(actor: HospitalActor, patientId: string, command: ChartObservationsDto): Promise<ObservationListDto> {
    assertPlausible(command.values);
    const recordedAt = timeOfRound(command.recordedAt, new Date());
    const values = command.values.map(({ code, value }) => ({ code, value: chartedToNumber(code, value) }));
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      const round = { patientId, recordedAt, recordedBy: actor.userId, values };
      const rows = await this.observations.insert(tx, round);
      for (const { id } of rows) await this.outbox.add(tx, eventBy(actor, 'observation.charted', { id, patientId }));
      return { items: rows.map(toObservationDto) };
    });
  }

  /** Newest first, errors among them. @throws `patient.not-found` */
  list(actor: HospitalActor, patientId: string, query: ObservationsQueryDto): Promise<Page<ObservationDto>> {
    const { limit, cursor, ...filter } = query;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { micros: 'integer', id: 'uuid' });
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      const rows = await this.observations.list(tx, { ...filter, patientId }, before, limit + 1);
      return toPage(rows, limit, toObservationDto, ({ micros, id }) => [Number(micros), id]);
    });
  }

  /** @throws `patient.not-found`, `observation.not-found` or `observation.voided` */
  void(
    actor: HospitalActor,
    { patientId, id }: { readonly patientId: string; readonly id: string },
    { reason }: VoidObservationDto,
  ): Promise<ObservationDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      if (!(await this.observations.find(tx, patientId, id))) throw alarmError('observation.not-found');
      const voided = await this.observations.void(tx, id, { by: actor.userId, reason, now: new Date() });
      if (!voided) throw alarmError('observation.voided');
      await this.outbox.add(tx, eventBy(actor, 'observation.voided', { id, patientId }));
      return toObservationDto(voided);
    });
  }
}

const signs: readonly (ChartedSign & { readonly code: ObservationDto['code'] })[] = chartedSigns;

function toObservationDto(row: ObservationRow): ObservationDto {
  const sign = signs.find(({ code }) => code === row.code);
  const status = observationStatuses.find((each) => each === row.status);
  if (!sign || !status) throw new Error('the database holds an observation this release does not know');
  return {
    id: row.id,
    patientId: row.patientId,
    code: sign.code,
    value: chartedFromNumber(sign.code, row.value),
    unit: sign.unit ?? null,
    recordedAt: row.recordedAt.toISOString(),
    method: row.method,
    status,
    recordedBy: row.recordedBy,
    createdAt: row.createdAt.toISOString(),
    voidedBy: row.voidedBy,
    voidReason: row.voidReason,
  };
}
