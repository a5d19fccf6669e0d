import { Injectable } from '@nestjs/common';
import { commonError, type AppError, type EventPayload } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import { coversWard, wardsFor, type HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../platform/http/page.js';
import { WardsService } from '../wards/wards.service.js';
import { endOf, newPeriod, type Period } from './assignment-period.policy.js';
import type { AssignmentDto, CreateAssignmentDto, EndAssignmentDto, PatientDevicesDto } from './assignments.dto.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { DeviceReleases } from './device-releases.service.js';
import { deviceError } from './devices.errors.js';
import { toAssignmentDto } from './devices.mapper.js';
import { DevicesRepository } from './devices.repository.js';

/** Who wears which device when. Readings follow it by the time they were recorded, so it may be corrected later. */
@Injectable()
export class AssignmentsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly devices: DevicesRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly releases: DeviceReleases,
    private readonly wards: WardsService,
    private readonly outbox: Outbox,
  ) {}

  /** Newest first. */
  list(actor: HospitalActor, deviceId: string, { limit, cursor }: PageQueryDto): Promise<Page<AssignmentDto>> {
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { from: 'integer' }).from;
    const { hospital, wardIds } = actor;
    return this.database.readInHospital(hospital, async (tx) => {
      await this.devices.require(tx, deviceId, wardIds);
      const rows = await this.assignments.listOfDevice(tx, { id: deviceId, wardIds }, before, limit + 1);
      return toPage(rows, limit, toAssignmentDto, ({ fromMicros }) => [Number(fromMicros)]);
    });
  }

  /** What the patient wears now. */
  listOfPatient(actor: HospitalActor, patientId: string): Promise<PatientDevicesDto> {
    const wardIds = wardsFor(actor, patientId);
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, patientId, wardIds);
      const rows = await this.assignments.listOfPatientNow(tx, patientId, wardIds);
      return {
        items: rows.map((row) => ({
          externalId: row.externalId,
          kind: row.kind,
          assignment: toAssignmentDto(row),
        })),
      };
    });
  }

  /** @throws `device.already-assigned`, naming the assignment in the way */
  async assign(actor: HospitalActor, deviceId: string, wanted: CreateAssignmentDto): Promise<AssignmentDto> {
    const period = newPeriod(wanted, new Date());
    const { hospital } = actor;
    // The transaction of a refused insert is lost: what stands in the way is looked up in another one.
    const assigned = await this.unitOfWork
      .inHospital(actor, (tx) => this.#insert(tx, actor, deviceId, { ...wanted, ...period }))
      .catch((err: unknown) => {
        if (err instanceof Overlap) return null;
        throw err;
      });
    if (assigned) return assigned;
    throw await this.database.readInHospital(hospital, (tx) => this.#alreadyAssigned(tx, actor, deviceId, period));
  }

  /** @throws `device-assignment.ended` or `device-assignment.not-found` */
  end(actor: HospitalActor, deviceId: string, id: string, { at }: EndAssignmentDto): Promise<AssignmentDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const assignment = await this.assignments.lock(tx, deviceId, id);
      if (!assignment || !coversWard(actor, assignment.wardId)) throw deviceError('device-assignment.not-found');
      const until = endOf(assignment, at, new Date());
      await this.assignments.end(tx, id, until, actor.userId);
      await this.#tell(tx, actor, 'device.released', assignment);
      return toAssignmentDto({ ...assignment, until });
    });
  }

  /**
   * For somebody limited to wards, a patient is there when it wears or wore a device on one of them, or when they broke
   * the glass for it.
   * @throws `patient.not-found`
   */
  requirePatient(tx: TenantTx, actor: HospitalActor, patientId: string): Promise<void> {
    return this.assignments.requirePatient(tx, patientId, wardsFor(actor, patientId));
  }

  async #insert(
    tx: TenantTx,
    actor: HospitalActor,
    deviceId: string,
    wanted: Omit<CreateAssignmentDto, 'from' | 'until'> & Period,
  ): Promise<AssignmentDto> {
    const { patientId, wardId, from, until, endCurrent = false, bedId = null } = wanted;
    await this.devices.lock(tx, deviceId);
    const device = await this.devices.require(tx, deviceId, actor.wardIds);
    if (device.status !== 'active') throw deviceError('device.disabled');
    await this.wards.requireNamed(tx, actor, wardId);
    if (!(await this.assignments.lockPatient(tx, patientId))) throw unknown('patientId', 'patient');
    if (endCurrent) await this.releases.endRunning(tx, actor, deviceId, from);
    const assignment = { deviceId, patientId, wardId, bedId, from, until };
    const outcome = await this.assignments.insert(tx, { ...assignment, createdBy: actor.userId });
    if (outcome === 'overlaps') throw new Overlap();
    if (outcome === 'unknown-bed') throw unknown('bedId', 'bed on this ward');
    await this.#tell(tx, actor, 'device.assigned', { ...assignment, id: outcome.id });
    return toAssignmentDto({ ...assignment, id: outcome.id });
  }

  #tell(
    tx: TenantTx,
    actor: HospitalActor,
    type: 'device.assigned' | 'device.released',
    { id, deviceId, patientId, wardId }: EventPayload<'device.assigned'>,
  ): Promise<void> {
    return this.outbox.add(tx, eventBy(actor, type, { id, deviceId, patientId, wardId }));
  }

  async #alreadyAssigned(tx: TenantTx, actor: HospitalActor, deviceId: string, period: Period): Promise<AppError> {
    const overlapping = await this.assignments.findOverlapping(tx, deviceId, period);
    const shown = overlapping && coversWard(actor, overlapping.wardId);
    return deviceError(
      'device.already-assigned',
      shown ? { members: { assignment: toAssignmentDto(overlapping) } } : {},
    );
  }
}

/** Undoes the transaction of an assignment that another one excludes. */
class Overlap extends Error {}

const unknown = (field: string, what: string): AppError =>
  commonError('request.invalid', { errors: [{ field, code: 'not-found', message: `there is no such ${what}` }] });
