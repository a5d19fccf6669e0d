import { Injectable } from '@nestjs/common';
import {
  HospitalDatabase,
  hospitalRef,
  schemaSql,
  type HospitalRef,
  type PublicTx,
  type TenantTx,
} from '@hms/database';
import type { AppointmentStatus } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';

const columns = { id: true, resourceId: true, createdAt: true, revokedAt: true } as const;

export interface CalendarFeedRow {
  readonly id: string;
  readonly resourceId: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

export interface FeedPath {
  readonly hospitalId: string;
  readonly resourceId: string;
}

export interface BusyRow {
  readonly id: string;
  readonly start: Date;
  readonly end: Date;
  readonly changedAt: Date;
  readonly version: number;
  readonly status: AppointmentStatus;
  readonly service: string;
  readonly site: string;
}

@Injectable()
export class CalendarFeedsRepository {
  constructor(private readonly database: HospitalDatabase) {}

  insert(
    tx: PublicTx,
    feed: FeedPath & { readonly tokenHash: Uint8Array<ArrayBuffer>; readonly createdBy: string },
  ): Promise<CalendarFeedRow> {
    return tx.calendarFeed.create({ data: { id: uuidv7(), ...feed }, select: columns });
  }

  /** The newest hundred, revoked ones among them. */
  list(path: FeedPath): Promise<CalendarFeedRow[]> {
    return this.database.publicClient.calendarFeed.findMany({
      where: { ...path },
      select: columns,
      orderBy: { id: 'desc' },
      take: 100,
    });
  }

  /** Undefined when there is none; one that is revoked stays as it is. */
  async revoke(tx: PublicTx, { hospitalId, resourceId }: FeedPath, id: string): Promise<CalendarFeedRow | undefined> {
    const where = { id, hospitalId, resourceId };
    await tx.calendarFeed.updateMany({ where: { ...where, revokedAt: null }, data: { revokedAt: new Date() } });
    return (await tx.calendarFeed.findFirst({ where, select: columns })) ?? undefined;
  }

  /** Whose calendar the token opens; undefined when it is revoked, or the hospital is not active. */
  async find(
    tokenHash: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly hospital: HospitalRef; readonly resourceId: string } | undefined> {
    const feed = await this.database.publicClient.calendarFeed.findFirst({
      where: { tokenHash, revokedAt: null, hospital: { status: 'active' } },
      select: { resourceId: true, hospital: { select: { id: true, slug: true } } },
    });
    return feed ? { hospital: hospitalRef(feed.hospital), resourceId: feed.resourceId } : undefined;
  }

  /** What a provider is and was booked for; what was moved is there at its new time. */
  listBusy(tx: TenantTx, resourceId: string, from: Date, to: Date): Promise<BusyRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<BusyRow[]>`
      select a.id, lower(a.during) as "start", upper(a.during) as "end", a.updated_at as "changedAt", a.version, a.status,
             t.name as service, s.name as site
        from ${schema}.appointment a
        join ${schema}.service_type t on t.id = a.service_id
        join ${schema}.site s on s.id = a.site_id
       where a.provider_id = ${resourceId}::uuid and a.status not in ('held', 'rescheduled', 'entered_in_error')
             and lower(a.during) >= ${from.toISOString()}::timestamptz and lower(a.during) < ${to.toISOString()}::timestamptz
       order by lower(a.during), a.id limit 5000`;
  }
}
