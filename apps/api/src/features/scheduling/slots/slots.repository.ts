import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { minuteMs, type Busy, type Place, type Provider, type Range, type Service } from '@hms/scheduling';

const { sql, empty, raw } = TenantPrisma;

export interface ScheduleFilter {
  readonly serviceId?: string | undefined;
  readonly providerId?: string | undefined;
  readonly siteId?: string | undefined;
  /** Rooms and devices that are taken along. */
  readonly resourceIds?: readonly string[] | undefined;
}

/** A service, and how long a hospital holds times. */
export interface OfferedService extends Service {
  readonly holdMinutes: number;
  readonly offerMinutes: number;
}

/** A provider, a room or a device, with the site it belongs to. */
export interface ResourceHours extends Provider, Place {
  readonly name: string;
}

/** What can be booked, and what is. */
export interface Schedule {
  /** Those in use, in the order of their ids. */
  readonly services: readonly OfferedService[];
  /** Those in use, in the order of their ids. */
  readonly providers: readonly ResourceHours[];
  /** The rooms and devices in use among those that were named. */
  readonly along: readonly ResourceHours[];
}

/** The longest appointment with its buffers, and the longest buffer of a slot. */
const marginMs = 24 * 60 * minuteMs;

/** What slots are computed from, in few statements however many providers there are. */
@Injectable()
export class SlotsRepository {
  /**
   * All that slots are computed from: providers with their hours at sites in use that matter in the range, and with what is
   * taken during slots that start in the portion, which is where the range begins. Providers that have no hours for the
   * service or at the site are left out, unless one provider is named.
   */
  async find(tx: TenantTx, filter: ScheduleFilter, range: Range, portion: Range): Promise<Schedule> {
    const schema = schemaSql(tx.hospital);
    const { providerId, serviceId, siteId, resourceIds = [] } = filter;
    const those = providerId === undefined ? worksFor(schema, filter) : sql`and r.id = ${providerId}::uuid`;
    const named = sql`r.kind in ('room', 'device') and r.id = any (${[...resourceIds]}::uuid[])`;
    const when = { range, portion };
    const [row] = await tx.$queryRaw<FoundSchedule[]>`
      select (select coalesce(json_agg(json_build_object(
                       'id', s.id, 'durationMin', s.duration_min, 'bufferBeforeMin', s.buffer_before_min,
                       'bufferAfterMin', s.buffer_after_min, 'holdMinutes', h.hold_minutes,
                       'offerMinutes', h.offer_minutes) order by s.id), '[]')
                from ${schema}.service_type s cross join ${schema}.scheduling_setting h
               where s.active ${serviceId === undefined ? empty : sql`and s.id = ${serviceId}::uuid`}) as services,
             ${hoursOf(schema, sql`r.kind = 'provider' ${those}`, siteId, when)} as providers,
             ${resourceIds.length === 0 ? sql`'[]'::json` : hoursOf(schema, named, undefined, when)} as along`;
    if (!row) throw new Error('a select without a table answers one row');
    const { services, providers, along } = row;
    return { services, providers: providers.map(withBusy), along: along.map(withBusy) };
  }

  /** The same with what is taken in the next portion too. */
  async findMore(tx: TenantTx, { services, providers, along }: Schedule, portion: Range): Promise<Schedule> {
    const schema = schemaSql(tx.hospital);
    const ids = [...providers, ...along].map(({ id }) => id);
    const rows = await tx.$queryRaw<{ id: string; busy: string | null }[]>`
      select p.id, ${busyOf(schema, sql`p.id`, sql`>= ${at(portion.from + marginMs)}`, portion.to)} as busy
        from unnest(${ids}::uuid[]) as p (id)`;
    const more = new Map(rows.map(({ id, busy }) => [id, parseBusy(busy)]));
    const add = (each: ResourceHours): ResourceHours => ({
      ...each,
      busy: [...each.busy, ...(more.get(each.id) ?? [])],
    });
    return { services, providers: providers.map(add), along: along.map(add) };
  }
}

type FoundHours = Omit<ResourceHours, 'busy'> & { readonly busy: string | null };

interface FoundSchedule {
  readonly services: readonly OfferedService[];
  readonly providers: readonly FoundHours[];
  readonly along: readonly FoundHours[];
}

const withBusy = (found: FoundHours): ResourceHours => ({ ...found, busy: parseBusy(found.busy) });

type Sql = TenantPrisma.Sql;

/** Those resources in use with their hours, at one site or at all in use, in the order of their ids. */
function hoursOf(
  schema: Sql,
  those: Sql,
  siteId: string | undefined,
  { range, portion }: { readonly range: Range; readonly portion: Range },
): Sql {
  return sql`(
    select coalesce(json_agg(json_build_object(
             'id', r.id, 'capacity', r.capacity, 'name', r.name, 'siteId', r.site_id, 'siteName', home.name,
             'tz', home.tz, 'rules', ${rulesOf(schema, siteId)}, 'exceptions', ${exceptionsOf(schema, siteId, range)},
             'busy', ${busyOf(schema, sql`r.id`, sql`> ${at(portion.from - marginMs)}`, portion.to)}) order by r.id), '[]')
      from ${schema}.resource r join ${schema}.site home on home.id = r.site_id
     where r.active and ${those})`;
}

function rulesOf(schema: Sql, siteId: string | undefined): Sql {
  return sql`coalesce((
    select json_agg(json_build_object(
             'siteId', u.site_id, 'siteName', s.name, 'tz', s.tz, 'serviceIds', u.service_ids, 'weekday', u.weekday,
             'startMin', ${minutesOf('u.local_start')}, 'endMin', ${minutesOf('u.local_end')},
             'slotMin', u.slot_min, 'capacity', u.capacity,
             'validFrom', u.valid_from - date '1970-01-01', 'validUntil', u.valid_until - date '1970-01-01',
             'bookableBy', u.bookable_by, 'minNoticeMin', u.min_notice_min, 'horizonDays', u.horizon_days)
           order by u.id)
      from ${schema}.schedule_rule u join ${schema}.site s on s.id = u.site_id and s.active ${atSite(siteId)}
     where u.resource_id = r.id), '[]')`;
}

function exceptionsOf(schema: Sql, siteId: string | undefined, { from, to }: Range): Sql {
  return sql`coalesce((
    select json_agg(json_build_object(
             'siteId', e.site_id, 'siteName', s.name, 'tz', s.tz, 'kind', e.kind,
             'firstDay', e.first_day - date '1970-01-01', 'lastDay', e.last_day - date '1970-01-01',
             'startMin', ${minutesOf('e.local_start')}, 'endMin', ${minutesOf('e.local_end')},
             'serviceIds', e.service_ids, 'slotMin', e.slot_min, 'capacity', e.capacity)
           order by e.id)
      from ${schema}.schedule_exception e join ${schema}.site s on s.id = e.site_id
     where e.resource_id = r.id
       and e.first_day <= (${at(to)} + interval '3 days')::date
       and e.last_day >= (${at(from)} - interval '3 days')::date
       and (e.kind <> 'extra' or s.active ${atSite(siteId)})), '[]')`;
}

function worksFor(schema: Sql, { serviceId, siteId }: ScheduleFilter): Sql {
  const serves =
    serviceId === undefined ? empty : sql`and (u.service_ids = '{}' or ${serviceId}::uuid = any (u.service_ids))`;
  const there = siteId === undefined ? empty : sql`and u.site_id = ${siteId}::uuid`;
  return sql`
    and (exists (select from ${schema}.schedule_rule u where u.resource_id = r.id ${serves} ${there})
         or exists (select from ${schema}.schedule_exception u
                     where u.resource_id = r.id and u.kind = 'extra' ${serves} ${there}))`;
}

/**
 * When seats of a resource are taken, as text: appointments of one seat that follow each other are one time. Looked for
 * resource by resource, since sorting those of many takes longer than finding them.
 */
function busyOf(schema: Sql, resourceId: Sql, begins: Sql, until: number): Sql {
  return sql`(
    select string_agg(t.seat_no || ' ' || date_part('epoch', lower(t.during))::bigint / 60
                      || ' ' || date_part('epoch', upper(t.during))::bigint / 60, ',' order by lower(t.during))
      from (select b.seat_no, unnest(range_agg(b.during)) as during
              from ${schema}.appointment_resource b
             where b.resource_id = ${resourceId} and b.blocks and not b.overbook
                   and lower(b.during) ${begins} and lower(b.during) < ${at(until + marginMs)}
                   and (b.expires_at is null or b.expires_at > clock_timestamp())
             group by b.seat_no) t)`;
}

/** Appointments begin and end on whole minutes, as slots do. */
function parseBusy(text: string | null): Busy[] {
  return text === null ? [] : text.split(',').map(parseTaken);
}

function parseTaken(text: string): Busy {
  const [seat = 0, start = 0, end = 0] = text.split(' ').map(Number);
  return { seat, start: start * minuteMs, end: end * minuteMs };
}

const minutesOf = (time: 'u.local_start' | 'u.local_end' | 'e.local_start' | 'e.local_end'): Sql =>
  sql`(date_part('epoch', ${raw(time)}) / 60)::int`;
const atSite = (siteId: string | undefined): Sql => (siteId === undefined ? empty : sql`and s.id = ${siteId}::uuid`);
const at = (time: number): Sql => sql`${new Date(time).toISOString()}::timestamptz`;
