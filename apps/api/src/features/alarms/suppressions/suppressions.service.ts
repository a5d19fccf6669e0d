import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { AssignmentsService } from '../../devices/assignments.service.js';
import { alarmError } from '../alarms.errors.js';
import { AlarmsRepository } from '../episodes/alarms.repository.js';
import type { CreateSuppressionDto, SuppressionDto, SuppressionsQueryDto } from './suppressions.dto.js';
import { SuppressionsRepository, type SuppressionRow } from './suppressions.repository.js';

/** Telling nobody for a while. What is suppressed is on the list all the same, and told when the suppression ends. */
@Injectable()
export class SuppressionsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly suppressions: SuppressionsRepository,
    private readonly alarms: AlarmsRepository,
    private readonly assignments: AssignmentsService,
    private readonly outbox: Outbox,
  ) {}

  /** @throws `patient.not-found` */
  create(actor: HospitalActor, patientId: string, command: CreateSuppressionDto): Promise<SuppressionDto> {
    const { rule = null, reason, minutes } = command;
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const now = new Date();
      await this.assignments.requirePatient(tx, actor, patientId);
      const times = { createdAt: now, startsAt: now, endsAt: new Date(now.getTime() + minutes * 60_000) };
      const row = await this.suppressions.insert(tx, { patientId, rule, reason, ...times, createdBy: actor.userId });
      const { id } = row;
      for (const alarm of await this.suppressions.silence(tx, row)) {
        const detail = { reason, suppressionId: id };
        await this.alarms.addEvent(tx, { alarmId: alarm.id, kind: 'suppressed', actorId: actor.userId, detail });
        await this.outbox.add(tx, eventBy(actor, 'alarm.suppressed', alarm));
      }
      await this.outbox.add(tx, eventBy(actor, 'alarm-suppression.created', { id, patientId }));
      return toSuppressionDto(row, now);
    });
  }

  /** Newest first. @throws `patient.not-found` */
  list(actor: HospitalActor, patientId: string, query: SuppressionsQueryDto): Promise<Page<SuppressionDto>> {
    const { limit, cursor, active = false } = query;
    const now = new Date();
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      const which = { activeAt: active ? now : undefined, before, take: limit + 1 };
      const rows = await this.suppressions.list(tx, patientId, which);
      return toPage(
        rows,
        limit,
        (row) => toSuppressionDto(row, now),
        ({ id }) => [id],
      );
    });
  }

  /** Before its time. @throws `patient.not-found`, `alarm-suppression.not-found` or `alarm-suppression.ended` */
  end(actor: HospitalActor, patientId: string, id: string): Promise<SuppressionDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const now = new Date();
      await this.assignments.requirePatient(tx, actor, patientId);
      const row = await this.suppressions.find(tx, patientId, id);
      if (!row) throw alarmError('alarm-suppression.not-found');
      if (!(await this.suppressions.end(tx, id, now, actor.userId))) throw alarmError('alarm-suppression.ended');
      await this.suppressions.unsilence(tx, id);
      await this.outbox.add(tx, eventBy(actor, 'alarm-suppression.ended', { id, patientId }));
      return toSuppressionDto({ ...row, endsAt: now, endedBy: actor.userId }, now);
    });
  }
}

const toSuppressionDto = (row: SuppressionRow, now: Date): SuppressionDto => ({
  ...row,
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  active: row.endsAt > now,
});
