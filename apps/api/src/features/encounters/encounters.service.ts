import { Injectable } from '@nestjs/common';
import { commonError, type EventType } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page } from '../../platform/http/page.js';
import { presentFields } from '../../platform/http/patch.js';
import { RegisteredPatients } from '../patients/registered-patients.service.js';
import { DiagnosesRepository } from './diagnoses/diagnoses.repository.js';
import { toDiagnosisDto } from './diagnoses/diagnosis.mapper.js';
import { toEncounterDto } from './encounter.mapper.js';
import { assertMayMove, assertMayOpen } from './encounter.policy.js';
import type {
  EncounterDetailDto,
  EncounterDto,
  EncountersQueryDto,
  MoveEncounterDto,
  OpenEncounterDto,
  UpdateEncounterDto,
} from './encounters.dto.js';
import { encounterError } from './encounters.errors.js';
import { EncountersRepository, type EncounterFilter, type EncounterRow } from './encounters.repository.js';

/** Where an encounter is: in the record of `patientId`. */
export interface EncounterPath {
  readonly patientId: string;
  readonly id: string;
}

type EncounterEvent = Extract<EventType, `encounter.${string}`>;

/** Visits and what happens in them. Who is to be seen, who is being seen, and how it ended. */
@Injectable()
export class EncountersService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly patients: RegisteredPatients,
    private readonly encounters: EncountersRepository,
    private readonly diagnoses: DiagnosesRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Of the hospital, the latest first. */
  worklist(actor: HospitalActor, query: EncountersQueryDto): Promise<Page<EncounterDto>> {
    const { limit, cursor, ...filter } = query;
    return this.database.readInHospital(actor.hospital, (tx) => this.#page(tx, filter, { limit, cursor }));
  }

  /** Of a patient, the latest first. @throws `patient.not-found` */
  list(actor: HospitalActor, patientId: string, query: EncountersQueryDto): Promise<Page<EncounterDto>> {
    const { limit, cursor, ...filter } = query;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.patients.require(tx, patientId);
      return this.#page(tx, { ...filter, patientId }, { limit, cursor });
    });
  }

  /** With its diagnoses, for those who may see problems. @throws `patient.not-found` or `encounter.not-found` */
  get(actor: HospitalActor, path: EncounterPath): Promise<EncounterDetailDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const row = await this.require(tx, path);
      const diagnoses = actor.permissions.has('condition:read') ? await this.diagnoses.list(tx, row.id) : [];
      return { ...toEncounterDto(row), diagnoses: diagnoses.map(toDiagnosisDto) };
    });
  }

  /**
   * Opens an encounter, and a visit unless it belongs to one.
   * @throws `patient.not-found`, `encounter.appointment-used` or `request.invalid`
   */
  open(actor: HospitalActor, patientId: string, command: OpenEncounterDto, now = new Date()): Promise<EncounterDto> {
    assertMayOpen(command);
    const { status = 'arrived', plannedFor = null, appointmentId = null } = command;
    const { responsibleId = null, chiefComplaint = null, siteId = null } = command;
    const startedAt = status === 'arrived' ? now : null;
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.patients.require(tx, patientId);
      if (appointmentId !== null) await this.#requireAppointment(tx, patientId, appointmentId);
      const visitId = command.visitId ?? uuidv7();
      if (command.visitId === undefined) {
        const visit = { id: visitId, patientId, siteId, openedAt: plannedFor ?? now };
        await this.encounters.insertVisit(tx, visit, actor.userId);
      }
      const encounter = { id: uuidv7(), patientId, visitId, class: command.class, status, plannedFor, startedAt };
      const told = { appointmentId, responsibleId, chiefComplaint };
      const row = await this.encounters.insert(tx, { ...encounter, ...told }, actor.userId);
      return this.#tell(tx, actor, 'encounter.opened', row);
    });
  }

  /** @throws `patient.not-found`, `encounter.not-found`, `encounter.over` or `precondition.failed` */
  update(
    actor: HospitalActor,
    path: EncounterPath,
    version: number,
    command: UpdateEncounterDto,
  ): Promise<EncounterDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const current = await this.require(tx, path);
      if (isOver(current)) throw encounterError('encounter.over');
      const change = { id: path.id, version, by: actor.userId };
      const row = await this.encounters.update(tx, change, presentFields({ ...command }));
      if (!row) throw commonError('precondition.failed');
      return this.#tell(tx, actor, 'encounter.changed', row);
    });
  }

  /**
   * Takes it to another state.
   * @throws `patient.not-found`, `encounter.not-found`, `auth.forbidden`, `encounter.of-admission`, `encounter.illegal-move`,
   * `encounter.undiagnosed`, `encounter.unsigned`, `request.invalid` or `precondition.failed`
   */
  move(
    actor: HospitalActor,
    path: EncounterPath,
    version: number,
    command: MoveEncounterDto,
    now = new Date(),
  ): Promise<EncounterDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const current = await this.require(tx, path);
      if (current.version !== version) throw commonError('precondition.failed');
      assertMayMove(actor, current, command);
      const { status, acuity, disposition, reason: statusReason } = command;
      const row = await this.encounters.update(
        tx,
        { id: path.id, version, by: actor.userId },
        presentFields({
          status,
          acuity,
          // How an inpatient left was said when they did.
          disposition: current.disposition ?? disposition,
          statusReason,
          startedAt: status === 'arrived' ? now : undefined,
          // An inpatient who has left is finished later, when the records are.
          endedAt: status === 'finished' ? (current.endedAt ?? now) : undefined,
        }),
      );
      if (!row) throw commonError('precondition.failed');
      return this.#tell(tx, actor, 'encounter.moved', row);
    });
  }

  /** For what hangs on an encounter. @throws `patient.not-found` or `encounter.not-found` */
  async require(tx: TenantTx, { patientId, id }: EncounterPath): Promise<EncounterRow> {
    await this.patients.require(tx, patientId);
    const row = await this.encounters.find(tx, patientId, id);
    if (!row) throw encounterError('encounter.not-found');
    return row;
  }

  async #page(
    tx: TenantTx,
    filter: EncounterFilter,
    { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
  ): Promise<Page<EncounterDto>> {
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const rows = await this.encounters.list(tx, filter, before, limit + 1);
    return toPage(rows, limit, toEncounterDto, ({ id }) => [id]);
  }

  async #requireAppointment(tx: TenantTx, patientId: string, id: string): Promise<void> {
    if (await this.encounters.keepsAppointment(tx, patientId, id)) return;
    const message = 'this patient has no such appointment that is kept';
    throw commonError('request.invalid', { errors: [{ field: 'appointmentId', code: 'not-found', message }] });
  }

  async #tell(tx: TenantTx, actor: HospitalActor, type: EncounterEvent, row: EncounterRow): Promise<EncounterDto> {
    const { id, patientId, version } = row;
    await this.outbox.add(tx, eventBy(actor, type, { id, patientId, version }));
    return toEncounterDto(row);
  }
}

const isOver = ({ status }: EncounterRow): boolean => ['finished', 'cancelled', 'entered-in-error'].includes(status);
