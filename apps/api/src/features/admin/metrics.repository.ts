import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, schemaSql, type HospitalId, type TenantTx } from '@hms/database';

/** When today, this week and this month began at a clock. */
export interface Periods {
  readonly today: string;
  readonly timezone: string;
  readonly day: Date;
  readonly week: Date;
  readonly month: Date;
}

export interface HospitalCounts {
  readonly byStatus: readonly { readonly status: string; readonly count: number }[];
  readonly today: number;
  readonly week: number;
  readonly month: number;
}

@Injectable()
export class MetricsRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** In this zone, or that of the hospital, or UTC. @throws `request.invalid` for an unknown zone */
  async periods(timezone: string | undefined, hospital: HospitalId | undefined): Promise<Periods> {
    const rows = await this.database.publicClient.$queryRaw<Periods[]>`
      with zone as materialized (
        select z.name from pg_timezone_names z
         where z.name = coalesce(${timezone ?? null},
                                 (select timezone from public.hospital where id = ${hospital ?? null}::uuid), 'UTC')
      ), clock as (
        select name, now() at time zone name as local from zone
      )
      select name as timezone, to_char(local, 'YYYY-MM-DD') as today,
             date_trunc('day', local) at time zone name as day, date_trunc('week', local) at time zone name as week,
             date_trunc('month', local) at time zone name as month
        from clock`;
    const [row] = rows;
    if (row) return row;
    const message = 'timezone must be an IANA zone such as Africa/Nairobi';
    throw commonError('request.invalid', { errors: [{ field: 'timezone', code: 'timezone', message }] });
  }

  async ofHospital(tx: TenantTx, { day, week, month }: Periods): Promise<HospitalCounts> {
    const schema = schemaSql(tx.hospital);
    const byStatus = await tx.$queryRaw<{ status: string; count: number }[]>`
      select status, count(*)::int as count from ${schema}.appointment where status <> 'held' group by status order by 1`;
    const [told] = await tx.$queryRaw<{ today: number; week: number; month: number }[]>`
      select count(*) filter (where created_at >= ${day})::int as today,
             count(*) filter (where created_at >= ${week})::int as week,
             count(*) filter (where created_at >= ${month})::int as month
        from ${schema}.notification where created_at >= least(${week}::timestamptz, ${month}::timestamptz)`;
    return { byStatus, ...(told ?? { today: 0, week: 0, month: 0 }) };
  }
}
