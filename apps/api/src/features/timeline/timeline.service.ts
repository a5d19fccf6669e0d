import { Injectable } from '@nestjs/common';
import { AppError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page } from '../../platform/http/page.js';
import { AssignmentsService } from '../devices/assignments.service.js';
import { RegisteredPatients } from '../patients/registered-patients.service.js';
import type { TimelineEntryDto, TimelineQueryDto } from './timeline.dto.js';
import { bedsideKinds, timelineKinds, type TimelineKind } from './timeline.kinds.js';
import { TimelineRepository } from './timeline.repository.js';

/** Everything about a patient in one row of time. */
@Injectable()
export class TimelineService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly patients: RegisteredPatients,
    private readonly assignments: AssignmentsService,
    private readonly entries: TimelineRepository,
  ) {}

  /** The newest first, errors left out. @throws `patient.not-found` */
  list(actor: HospitalActor, patientId: string, query: TimelineQueryDto): Promise<Page<TimelineEntryDto>> {
    const { limit, cursor, kind, from, to } = query;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { micros: 'integer', id: 'uuid' });
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.patients.require(tx, patientId);
      const seen = await this.#kindsFor(tx, actor, patientId);
      const kinds = seen.filter((each) => kind === undefined || each === kind);
      if (kinds.length === 0) return { items: [], nextCursor: null };
      const rows = await this.entries.list(tx, { patientId, kinds, from, to }, before, limit + 1);
      return toPage(
        rows,
        limit,
        ({ micros: _, at, ...entry }) => ({ ...entry, at: at.toISOString() }),
        ({ micros, id }) => [Number(micros), id],
      );
    });
  }

  async #kindsFor(tx: TenantTx, actor: HospitalActor, patientId: string): Promise<readonly TimelineKind[]> {
    try {
      await this.assignments.requirePatient(tx, actor, patientId);
      return timelineKinds;
    } catch (err) {
      if (!(err instanceof AppError)) throw err;
      return timelineKinds.filter((kind) => !bedsideKinds.includes(kind));
    }
  }
}
