import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { wardsFor, type HospitalActor } from '../../../platform/access/actor.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { AssignmentsService } from '../../devices/assignments.service.js';
import { UserDirectory } from '../../users/user-directory.service.js';
import { alarmError } from '../alarms.errors.js';
import { peopleOf, peopleOfEvent, toAlarmDto, toAlarmEventDto } from './alarm.mapper.js';
import type { AlarmDetailDto, AlarmDto, AlarmsQueryDto, PatientAlarmsQueryDto } from './alarms.dto.js';
import { AlarmsRepository, type AlarmFilter, type AlarmKey, type ListedAlarm } from './alarms.repository.js';

/** The alarms of the wards somebody works on. */
@Injectable()
export class AlarmsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly alarms: AlarmsRepository,
    private readonly assignments: AssignmentsService,
    private readonly users: UserDirectory,
  ) {}

  async list(actor: HospitalActor, query: AlarmsQueryDto): Promise<Page<AlarmDto>> {
    const { limit, cursor, ...filter } = query;
    const after = keyOf(cursor);
    const wanted: AlarmFilter = { ...filter, within: actor.wardIds };
    const rows = await this.database.readInHospital(actor.hospital, (tx) =>
      this.alarms.list(tx, wanted, after, limit + 1),
    );
    return this.#page(rows, limit);
  }

  /** Those of one patient; broken glass opens them all. @throws `patient.not-found` */
  async listOfPatient(actor: HospitalActor, patientId: string, query: PatientAlarmsQueryDto): Promise<Page<AlarmDto>> {
    const { limit, cursor, ...filter } = query;
    const after = keyOf(cursor);
    const wanted: AlarmFilter = { ...filter, patientId, within: wardsFor(actor, patientId) };
    const rows = await this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      return this.alarms.list(tx, wanted, after, limit + 1);
    });
    return this.#page(rows, limit);
  }

  /** @throws `alarm.not-found` */
  async get({ hospital, wardIds }: HospitalActor, id: string): Promise<AlarmDetailDto> {
    const { alarm, events } = await this.database.readInHospital(hospital, async (tx) => {
      const found = await this.alarms.find(tx, id, wardIds);
      if (!found) throw alarmError('alarm.not-found');
      return { alarm: found, events: await this.alarms.events(tx, id) };
    });
    const names = await this.users.displayNames([...peopleOf(alarm), ...events.flatMap(peopleOfEvent)]);
    return { ...toAlarmDto(alarm, names), events: events.map((event) => toAlarmEventDto(event, names)) };
  }

  async #page(rows: readonly ListedAlarm[], limit: number): Promise<Page<AlarmDto>> {
    const names = await this.users.displayNames(rows.flatMap(peopleOf));
    return toPage(
      rows,
      limit,
      (row) => toAlarmDto(row, names),
      ({ rank, micros, id }) => [rank, Number(micros), id],
    );
  }
}

const keyOf = (cursor: string | undefined): AlarmKey | undefined =>
  cursor === undefined ? undefined : decodeKeys(cursor, { rank: 'integer', micros: 'integer', id: 'uuid' });
