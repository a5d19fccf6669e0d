import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { RetentionDto, UpdateRetentionDto } from './retention.dto.js';
import { RetentionRepository, type Retention, type RetentionRow } from './retention.repository.js';

@Injectable()
export class RetentionService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly retention: RetentionRepository,
  ) {}

  get({ hospital }: HospitalActor): Promise<RetentionDto> {
    return this.database.readInHospital(hospital, async (tx) => toRetentionDto(await this.retention.get(tx)));
  }

  /**
   * What is not named stays.
   * @throws `precondition.failed` when somebody changed it since, `request.invalid` when something coarser would be kept
   * for a shorter time
   */
  update(actor: HospitalActor, version: number, change: UpdateRetentionDto): Promise<RetentionDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const known = await this.retention.get(tx);
      const wanted: Retention = {
        rawDays: change.rawDays ?? known.rawDays,
        rollup1mDays: change.rollup1mDays ?? known.rollup1mDays,
        rollup15mDays: change.rollup15mDays ?? known.rollup15mDays,
        waveformDays: change.waveformDays ?? known.waveformDays,
        partitionBy: change.partitionBy ?? known.partitionBy,
      };
      assertCoarserIsKeptLonger(wanted);
      const row = await this.retention.set(tx, version, wanted, actor.userId);
      if (!row) throw commonError('precondition.failed');
      return toRetentionDto(row);
    });
  }
}

function assertCoarserIsKeptLonger({ rawDays, rollup1mDays, rollup15mDays }: Retention): void {
  const errors = [];
  if (rollup1mDays < rawDays) {
    errors.push({ field: 'rollup1mDays', code: 'order', message: 'must be at least rawDays' });
  }
  if (rollup15mDays < rollup1mDays) {
    errors.push({ field: 'rollup15mDays', code: 'order', message: 'must be at least rollup1mDays' });
  }
  if (errors.length > 0) throw commonError('request.invalid', { errors });
}

const toRetentionDto = ({ updatedAt, ...settings }: RetentionRow): RetentionDto => ({
  ...settings,
  updatedAt: updatedAt.toISOString(),
});
