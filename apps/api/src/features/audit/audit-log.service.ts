import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page } from '../../platform/http/page.js';
import { patientError } from '../patients/patients.errors.js';
import { UserDirectory } from '../users/user-directory.service.js';
import type { AuditEventDto, AuditPeriodQueryDto, AuditQueryDto, OwnAccessDto } from './audit.dto.js';
import { AuditLogRepository, type AuditFilter, type AuditRow } from './audit-log.repository.js';

type Names = ReadonlyMap<string, string>;

/** What the audit holds, for those who may see it. */
@Injectable()
export class AuditLogService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly log: AuditLogRepository,
    private readonly users: UserDirectory,
  ) {}

  list(actor: HospitalActor, query: AuditQueryDto): Promise<Page<AuditEventDto>> {
    const { cursor, limit, ...filter } = query;
    const before = beforeOf(cursor);
    return this.#page(limit, toEventDto, () =>
      this.database.readInHospital(actor.hospital, (tx) => this.log.list(tx, filter, before, limit + 1)),
    );
  }

  listOfPlatform({ cursor, limit, ...filter }: AuditQueryDto): Promise<Page<AuditEventDto>> {
    const before = beforeOf(cursor);
    return this.#page(limit, toEventDto, () => this.log.listOfPlatform(filter, before, limit + 1));
  }

  /** Who came near a patient's record. @throws `patient.not-found` */
  listOfPatient(actor: HospitalActor, id: string, query: AuditPeriodQueryDto): Promise<Page<AuditEventDto>> {
    return this.#ofPatient(actor, { ...query, patient: id }, toEventDto);
  }

  /** The same for the patient itself: who saw or changed the record. @throws `patient.not-found` */
  listOwn(actor: HospitalActor, query: AuditPeriodQueryDto): Promise<Page<OwnAccessDto>> {
    const patient = actor.patientId;
    if (patient === undefined) throw patientError('patient.not-found');
    const filter = { ...query, patient, withoutDenials: true };
    return this.#ofPatient(actor, filter, (row, names) => toOwnAccessDto(row, names, patient));
  }

  #ofPatient<T>(
    actor: HospitalActor,
    query: AuditPeriodQueryDto & AuditFilter & { patient: string },
    item: (row: AuditRow, names: Names) => T,
  ): Promise<Page<T>> {
    const { cursor, limit, ...filter } = query;
    const before = beforeOf(cursor);
    return this.#page(limit, item, () =>
      this.database.readInHospital(actor.hospital, async (tx) => {
        if (!(await this.log.patientExists(tx, filter.patient))) throw patientError('patient.not-found');
        return this.log.list(tx, filter, before, limit + 1);
      }),
    );
  }

  async #page<T>(
    limit: number,
    item: (row: AuditRow, names: Names) => T,
    read: () => Promise<AuditRow[]>,
  ): Promise<Page<T>> {
    const rows = await read();
    const names = await this.users.displayNames(rows.flatMap(({ actorId }) => actorId ?? []));
    return toPage(
      rows,
      limit,
      (row) => item(row, names),
      ({ id }) => [id],
    );
  }
}

const beforeOf = (cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;

const nameOf = ({ actorId }: AuditRow, names: Names): string | null => (actorId && names.get(actorId)) ?? null;

const toEventDto = (row: AuditRow, names: Names): AuditEventDto => ({
  ...row,
  at: row.at.toISOString(),
  actorName: nameOf(row, names),
});

const toOwnAccessDto = (row: AuditRow, names: Names, patientId: string): OwnAccessDto => ({
  at: row.at.toISOString(),
  actorName: nameOf(row, names),
  actorRoles: row.actorRoles,
  action: row.action,
  entity: row.entity,
  brokeGlass: row.breakGlass !== null,
  patientId,
});
