import { Injectable } from '@nestjs/common';
import { commonError, type VitalCode } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { AssignmentsService } from '../../devices/assignments.service.js';
import { WardsService } from '../../wards/wards.service.js';
import { alarmError } from '../alarms.errors.js';
import { assertLimits, isLimitedCode, unitOf } from './limit.values.js';
import type { LimitDto, LimitLevel, LimitListDto, SetLimitDto } from './limits.dto.js';
import { LimitsRepository, priorityOf, type LimitRow, type LimitScope } from './limits.repository.js';

export const ofHospital: LimitScope = { wardId: null, patientId: null };
export const ofWard = (wardId: string): LimitScope => ({ wardId, patientId: null });
export const ofPatient = (patientId: string): LimitScope => ({ wardId: null, patientId });

/** One sign's limits, of one level. */
export interface LimitPath extends LimitScope {
  readonly vital: VitalCode;
}

/** When a value is an alarm. Ingest hears of a change within five seconds. */
@Injectable()
export class LimitsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly limits: LimitsRepository,
    private readonly assignments: AssignmentsService,
    private readonly wards: WardsService,
    private readonly outbox: Outbox,
  ) {}

  /** Those of one level. @throws `ward.not-found` */
  list(actor: HospitalActor, scope: LimitScope): Promise<LimitListDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.#require(tx, actor, scope);
      return { items: (await this.limits.list(tx, scope)).map(toLimitDto) };
    });
  }

  /** Those that count for a patient now. @throws `patient.not-found` */
  effective(actor: HospitalActor, patientId: string): Promise<LimitListDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      return { items: (await this.limits.effective(tx, patientId)).map(toLimitDto) };
    });
  }

  /**
   * Makes or changes a limit; version 0 makes one.
   * @throws `patient.not-found`, `ward.not-found`, `request.invalid` or `precondition.failed`
   */
  set(actor: HospitalActor, { vital, ...scope }: LimitPath, version: number, command: SetLimitDto): Promise<LimitDto> {
    assertLimits(vital, command);
    const { low = null, high = null, hysteresis = 0, persistSeconds = 0, priority } = command;
    const values = { low, high, hysteresis, persistSeconds, priority };
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, actor, scope);
      const row =
        version === 0
          ? await this.limits.insert(tx, { ...scope, vital }, values, actor.userId)
          : await this.limits.update(tx, { ...scope, vital, version }, values, actor.userId);
      if (!row) throw commonError('precondition.failed');
      await this.#tell(tx, actor, row);
      return toLimitDto(row);
    });
  }

  /**
   * The level above counts again.
   * @throws `patient.not-found`, `ward.not-found`, `alarm-limit.not-found` or `precondition.failed`
   */
  async remove(actor: HospitalActor, path: LimitPath, version: number): Promise<void> {
    await this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, actor, path);
      const limit = await this.limits.find(tx, path);
      if (!limit) throw alarmError('alarm-limit.not-found');
      if (!(await this.limits.delete(tx, limit.id, version))) throw commonError('precondition.failed');
      await this.#tell(tx, actor, limit);
      return toLimitDto(limit);
    });
  }

  async #require(tx: TenantTx, actor: HospitalActor, { wardId, patientId }: LimitScope): Promise<void> {
    if (wardId !== null) await this.wards.require(tx, actor, wardId);
    if (patientId !== null) await this.assignments.requirePatient(tx, actor, patientId);
  }

  #tell(tx: TenantTx, actor: HospitalActor, { id, wardId, patientId }: LimitRow): Promise<void> {
    return this.outbox.add(tx, eventBy(actor, 'alarm-limit.changed', { id, wardId, patientId }));
  }
}

const levelOf = ({ wardId, patientId }: LimitScope): LimitLevel =>
  patientId !== null ? 'patient' : wardId !== null ? 'ward' : 'hospital';

function toLimitDto({ vital, priority, ...row }: LimitRow): LimitDto {
  if (!isLimitedCode(vital)) throw new Error(`alarm_limit holds "${vital}", which has no limits`);
  return {
    ...row,
    vital,
    unit: unitOf(vital),
    level: levelOf(row),
    priority: priorityOf(priority),
    updatedAt: row.updatedAt.toISOString(),
  };
}
