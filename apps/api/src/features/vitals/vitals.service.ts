import { Injectable } from '@nestjs/common';
import type { VitalsUpdate } from '@hms/contracts';
import { HospitalDatabase, type HospitalRef, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage } from '../../platform/http/page.js';
import { AssignmentsService } from '../devices/assignments.service.js';
import { WardsService } from '../wards/wards.service.js';
import { planRollups } from './rollup-plan.policy.js';
import { resolutions, windowOf } from './vitals-window.policy.js';
import type {
  LatestVitalsDto,
  VitalsBucketDto,
  VitalsHistoryDto,
  VitalsQueryDto,
  WardVitalsDto,
} from './vitals.dto.js';
import { toBucketDto, toLatestDtos, toReadingDto, toSnapshot, toWardPatientDtos } from './vitals.mapper.js';
import { VitalsRepository, type Span } from './vitals.repository.js';
import { VitalsRollupRepository } from './vitals-rollup.repository.js';

@Injectable()
export class VitalsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly vitals: VitalsRepository,
    private readonly rollups: VitalsRollupRepository,
    private readonly assignments: AssignmentsService,
    private readonly wards: WardsService,
  ) {}

  /** @throws `patient.not-found` */
  history(actor: HospitalActor, patientId: string, query: VitalsQueryDto): Promise<VitalsHistoryDto> {
    const { from, to, resolution } = windowOf(query, new Date());
    const before =
      query.cursor === undefined ? undefined : decodeKeys(query.cursor, { micros: 'integer', deviceNo: 'integer' });
    const span = { patientId, from, to };
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      const page =
        resolution === 'raw'
          ? toPage(
              await this.vitals.readings(tx, span, before, query.limit + 1),
              query.limit,
              toReadingDto,
              ({ recordedMicros, deviceNo }) => [Number(recordedMicros), deviceNo],
            )
          : {
              items: await this.#buckets(tx, span, resolutions[resolution]),
              nextCursor: null,
            };
      return { patientId, from: from.toISOString(), to: to.toISOString(), resolution, ...page };
    });
  }

  async #buckets(tx: TenantTx, { patientId, from, to }: Span, width: number): Promise<VitalsBucketDto[]> {
    const rolledUntil = await this.rollups.rolledUntil(tx);
    const plan = planRollups([from.getTime(), to.getTime()], width, rolledUntil.getTime());
    return (await this.vitals.buckets(tx, patientId, plan, width)).map(toBucketDto);
  }

  /** @throws `patient.not-found` */
  latestOfPatient(actor: HospitalActor, patientId: string): Promise<LatestVitalsDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      return { patientId, values: toLatestDtos(await this.vitals.latestOfPatient(tx, patientId), new Date()) };
    });
  }

  /** Everybody who wears a device on the ward now. @throws `ward.not-found` */
  latestOfWard(actor: HospitalActor, wardId: string): Promise<WardVitalsDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.wards.require(tx, actor, wardId);
      return { items: toWardPatientDtos(await this.vitals.latestOfWard(tx, wardId), new Date()) };
    });
  }

  /** What a screen of those wards begins with; undefined means every ward of the hospital. */
  snapshot(hospital: HospitalRef, wardIds: readonly string[] | undefined): Promise<VitalsUpdate[]> {
    return this.database.readInHospital(hospital, async (tx) =>
      toSnapshot(await this.vitals.latestOnWards(tx, wardIds)),
    );
  }
}
