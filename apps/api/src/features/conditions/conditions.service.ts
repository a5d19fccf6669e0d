import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page } from '../../platform/http/page.js';
import { RegisteredPatients } from '../patients/registered-patients.service.js';
import { toConditionColumns, toConditionDto } from './condition.mapper.js';
import { assertMayChange, assertMayRecord } from './condition.policy.js';
import type { ConditionDto, ConditionsQueryDto, CreateConditionDto, UpdateConditionDto } from './conditions.dto.js';
import { conditionError } from './conditions.errors.js';
import { ConditionsRepository, type ConditionRow } from './conditions.repository.js';

/** Where an entry is: `id` of the entry, in the record of `patientId`. */
export interface ConditionPath {
  readonly patientId: string;
  readonly id: string;
}

/** The problem list. A problem a patient has now is on it once. */
@Injectable()
export class ConditionsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly patients: RegisteredPatients,
    private readonly conditions: ConditionsRepository,
    private readonly outbox: Outbox,
  ) {}

  /** In the order they were recorded, errors among them. @throws `patient.not-found` */
  list(actor: HospitalActor, patientId: string, query: ConditionsQueryDto): Promise<Page<ConditionDto>> {
    const { limit, cursor, clinicalStatus } = query;
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.patients.require(tx, patientId);
      const rows = await this.conditions.list(tx, { patientId, clinicalStatus }, after, limit + 1);
      return toPage(rows, limit, toConditionDto, ({ id }) => [id]);
    });
  }

  /** @throws `patient.not-found` or `condition.not-found` */
  get(actor: HospitalActor, path: ConditionPath): Promise<ConditionDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => toConditionDto(await this.#require(tx, path)));
  }

  /** @throws `patient.not-found`, `condition.duplicate` or `request.invalid` */
  record(actor: HospitalActor, patientId: string, command: CreateConditionDto): Promise<ConditionDto> {
    assertMayRecord(command);
    const { display } = command;
    const condition = { ...toConditionColumns(command), id: uuidv7(), patientId, display };
    const recorded = this.unitOfWork.inHospital(actor, async (tx) => {
      await this.patients.require(tx, patientId);
      const row = await this.conditions.insert(tx, condition, actor.userId);
      if (row === 'listed') throw new Listed(display);
      return this.#tell(tx, actor, row);
    });
    return this.#orNameListed(actor, patientId, recorded);
  }

  /**
   * @throws `patient.not-found`, `condition.not-found`, `condition.entered-in-error`, `condition.duplicate`,
   * `request.invalid` or `precondition.failed`
   */
  update(
    actor: HospitalActor,
    path: ConditionPath,
    version: number,
    command: UpdateConditionDto,
  ): Promise<ConditionDto> {
    const updated = this.unitOfWork.inHospital(actor, async (tx) => {
      const current = await this.#require(tx, path);
      assertMayChange(toConditionDto(current), command);
      const change = { id: path.id, version, by: actor.userId };
      const row = await this.conditions.update(tx, change, toConditionColumns(command));
      if (row === 'listed') throw new Listed(current.display);
      if (!row) throw commonError('precondition.failed');
      return this.#tell(tx, actor, row);
    });
    return this.#orNameListed(actor, path.patientId, updated);
  }

  async #require(tx: TenantTx, { patientId, id }: ConditionPath): Promise<ConditionRow> {
    await this.patients.require(tx, patientId);
    const row = await this.conditions.find(tx, patientId, id);
    if (!row) throw conditionError('condition.not-found');
    return row;
  }

  async #tell(tx: TenantTx, actor: HospitalActor, row: ConditionRow): Promise<ConditionDto> {
    const { id, patientId, version } = row;
    await this.outbox.add(tx, eventBy(actor, 'condition.changed', { id, patientId, version }));
    return toConditionDto(row);
  }

  /** The transaction of what the database refused is lost: what is listed is looked up in another one. */
  async #orNameListed<T>(actor: HospitalActor, patientId: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (err) {
      if (!(err instanceof Listed)) throw err;
      const conditionId = await this.database.readInHospital(actor.hospital, (tx) =>
        this.conditions.findActive(tx, patientId, err.display),
      );
      throw conditionError('condition.duplicate', conditionId === undefined ? {} : { members: { conditionId } });
    }
  }
}

/** Undoes the transaction of an entry for a problem that is listed. */
class Listed extends Error {
  constructor(readonly display: string) {
    super('the problem is on the list already');
  }
}
