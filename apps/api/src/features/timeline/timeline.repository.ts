import { Injectable } from '@nestjs/common';
import { schemaOf, TenantPrisma, type TenantTx } from '@hms/database';
import { timelineSources, type TimelineKind } from './timeline.kinds.js';

const { sql, empty, join, raw } = TenantPrisma;

export interface TimelineRow {
  readonly kind: TimelineKind;
  readonly id: string;
  readonly at: Date;
  readonly micros: bigint;
  readonly summary: string;
  readonly status: string;
}

export interface TimelineFilter {
  readonly patientId: string;
  /** At least one. */
  readonly kinds: readonly TimelineKind[];
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

export interface TimelineKey {
  readonly micros: number;
  readonly id: string;
}

@Injectable()
export class TimelineRepository {
  /** The newest first, of all kinds together. */
  list(tx: TenantTx, filter: TimelineFilter, before: TimelineKey | undefined, take: number): Promise<TimelineRow[]> {
    const schema = schemaOf(tx.hospital.slug);
    const branches = filter.kinds.map((kind) => branch(schema, kind, filter, before, take));
    return tx.$queryRaw`
      select kind, id, at, (extract(epoch from at) * 1000000)::bigint as micros, summary, status
        from (${join(branches, ' union all ')}) entries order by at desc, id desc limit ${take}`;
  }
}

/** No more of a kind than could be shown. */
function branch(
  schema: string,
  kind: TimelineKind,
  { patientId, from, to }: TimelineFilter,
  before: TimelineKey | undefined,
  take: number,
): TenantPrisma.Sql {
  const source = timelineSources[kind];
  const at = raw(source.at);
  return sql`
    (select ${kind}::text as kind, t.id, ${at} as at, ${raw(source.summary)} as summary, ${raw(source.status)} as status
       from ${raw(source.from(schema))}
      where ${raw(source.patient)} = ${patientId}::uuid and ${raw(source.where ?? 'true')}
            ${from === undefined ? empty : sql`and ${at} >= ${from.toISOString()}::timestamptz`}
            ${to === undefined ? empty : sql`and ${at} < ${to.toISOString()}::timestamptz`}
            ${before === undefined ? empty : sql`and (${at}, t.id) < (timestamptz 'epoch' + ${before.micros}::bigint * interval '1 microsecond', ${before.id}::uuid)`}
      order by ${at} desc, t.id desc limit ${take})`;
}
