import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import type { Actor } from '../../platform/access/actor.js';
import { Cache } from '../../platform/cache/cache.service.js';
import { HospitalDirectory } from '../../platform/tenancy/hospital-directory.repository.js';
import { AdminUsersRepository } from './admin-users.repository.js';
import type { MetricsDto, MetricsQueryDto } from './metrics.dto.js';
import { MetricsRepository, type HospitalCounts, type Periods } from './metrics.repository.js';

/** How old the platform's figures may be: they take a look into every hospital. */
const platformFiguresMs = 30_000;

/** Figures of a hospital for its administrator, sums over all of them for the platform's. They count, and show nobody. */
@Injectable()
export class MetricsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly cache: Cache,
    private readonly hospitals: HospitalDirectory,
    private readonly users: AdminUsersRepository,
    private readonly metrics: MetricsRepository,
  ) {}

  /** Those of the platform may be half a minute old. @throws `request.invalid` for an unknown time zone */
  async get({ hospital }: Actor, { timezone }: MetricsQueryDto): Promise<MetricsDto> {
    const periods = await this.metrics.periods(timezone, hospital?.id);
    if (hospital) return this.#count(hospital, periods);
    // The day is part of the key: yesterday's figures are never today's.
    const key = `metrics:${periods.timezone}:${periods.today}`;
    // Too many events change them to follow any: they are only as old as that.
    const options = { tags: [], ttl: platformFiguresMs };
    return this.cache.reference.read(key, options, () => this.#count(undefined, periods));
  }

  async #count(hospital: HospitalRef | undefined, periods: Periods): Promise<MetricsDto> {
    const counted: HospitalCounts[] = [];
    // One after another: figures are worth no rush on the database.
    for (const each of hospital ? [hospital] : await this.hospitals.provisioned()) {
      counted.push(await this.#countIn(each, periods));
    }
    const byRole = await this.users.countByRole(hospital?.id);
    return {
      today: periods.today,
      timezone: periods.timezone,
      users: {
        total: await this.users.count(hospital?.id, {}),
        active: await this.users.count(hospital?.id, { active: true }),
        byRole: Object.fromEntries(byRole.map(({ role, count }) => [role, count])),
      },
      ...summed(counted),
    };
  }

  #countIn(hospital: HospitalRef, periods: Periods): Promise<HospitalCounts> {
    return this.database.readInHospital(hospital, (tx) => this.metrics.ofHospital(tx, periods));
  }
}

function summed(counted: readonly HospitalCounts[]): Pick<MetricsDto, 'appointments' | 'notifications'> {
  const byStatus: Record<string, number> = {};
  for (const { status, count } of counted.flatMap((each) => each.byStatus)) {
    byStatus[status] = (byStatus[status] ?? 0) + count;
  }
  const sum = (value: (counts: HospitalCounts) => number): number =>
    counted.reduce((total, counts) => total + value(counts), 0);
  return {
    appointments: { total: Object.values(byStatus).reduce((total, count) => total + count, 0), byStatus },
    notifications: {
      today: sum(({ today }) => today),
      week: sum(({ week }) => week),
      month: sum(({ month }) => month),
    },
  };
}
