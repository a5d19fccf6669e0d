import { alternativesWithinDays, type Busy, dayMs, minuteMs } from '@hms/scheduling';
import type { HospitalTransaction } from '../push/hospital-transaction.js';
import { idsIn } from '../sql.js';
import { type BusyTimes, type ScheduleFacts, Schedules } from './schedules.js';
import type { Wish } from './wish.js';

/** The longest appointment with its buffers, and the longest buffer of a slot. */
const marginMs = dayMs;

/** What the schedule says about wishes, and of times after them. @param wishes undefined for ops that only ask for the rules */
export async function readSchedules(
  { tx, hospital: { schema } }: HospitalTransaction,
  wishes: readonly (Wish | undefined)[],
): Promise<Schedules> {
  if (wishes.length === 0) return Schedules.none;
  const wanted = wishes.flatMap((wish) => wish ?? []);
  const starts = wanted.map(({ start }) => start.getTime());
  const [row] = await tx.unsafe<{ facts: ScheduleFacts }[]>(schedule(schema), [
    JSON.stringify(wanted.map(({ providerId }) => providerId)),
    JSON.stringify(wanted.map(({ serviceId }) => serviceId)),
    JSON.stringify(wanted.flatMap(({ resourceIds }) => resourceIds)),
    new Date(Math.min(...starts, Date.now())).toISOString(),
    new Date(Math.max(...starts, Date.now()) + alternativesWithinDays * dayMs).toISOString(),
  ]);
  return row ? new Schedules(row.facts) : Schedules.none;
}

/** When the seats of what a wish takes up are taken. */
export async function readBusy(
  { tx, hospital: { schema } }: HospitalTransaction,
  { providerId, resourceIds }: Wish,
  range: { readonly from: number; readonly to: number },
): Promise<BusyTimes> {
  const rows = await tx.unsafe<{ id: string; seat: number; start: string; end: string }[]>(busySeats(schema), [
    JSON.stringify([providerId, ...resourceIds]),
    new Date(range.from - marginMs).toISOString(),
    new Date(range.to + marginMs).toISOString(),
  ]);
  const busy = new Map<string, Busy[]>();
  for (const { id, seat, start, end } of rows) {
    const taken = { seat, start: Number(start) * minuteMs, end: Number(end) * minuteMs };
    busy.set(id, [...(busy.get(id) ?? []), taken]);
  }
  return busy;
}

/** `$1` resources, from `$2` to `$3`. Appointments begin and end on whole minutes. */
const busySeats = (schema: string): string => `
  select b.resource_id as id, b.seat_no as seat, (extract(epoch from lower(b.during)) / 60)::bigint::text as start,
         (extract(epoch from upper(b.during)) / 60)::bigint::text as "end"
    from ${schema}.appointment_resource b
   where b.resource_id in ${idsIn('$1')} and b.blocks and not b.overbook and lower(b.during) between $2::timestamptz and $3::timestamptz
     and (b.expires_at is null or b.expires_at > clock_timestamp())
   order by lower(b.during)`;

const minutes = (column: string): string => `(extract(epoch from ${column}) / 60)::int`;
const day = (column: string): string => `${column} - date '1970-01-01'`;
const place = (of: string): string => `'siteId', s.id, 'siteName', s.name, 'tz', s.tz, 'serviceIds', ${of}.service_ids,
  'startMin', ${minutes(`${of}.local_start`)}, 'endMin', ${minutes(`${of}.local_end`)}, 'slotMin', ${of}.slot_min,
  'capacity', ${of}.capacity`;

/** `$1` providers, `$2` services, `$3` rooms and devices, `$4` and `$5` between which times. */
const schedule = (schema: string): string => `
  select json_build_object(
    'graceMin', (select no_show_grace_minutes from ${schema}.scheduling_setting),
    'services', coalesce((
      select json_agg(json_build_object('id', t.id, 'durationMin', t.duration_min, 'bufferBeforeMin', t.buffer_before_min,
                                        'bufferAfterMin', t.buffer_after_min))
        from ${schema}.service_type t where t.active and t.id in ${idsIn('$2')}), '[]'),
    'providers', ${hoursOf(schema, `r.kind = 'provider' and r.id in ${idsIn('$1')}`)},
    'along', ${hoursOf(schema, `r.kind in ('room', 'device') and r.id in ${idsIn('$3')}`)}) as facts`;

const hoursOf = (schema: string, those: string): string => `coalesce((
  select json_agg(json_build_object(
           'id', r.id, 'name', r.name, 'capacity', r.capacity, 'siteId', h.id, 'siteName', h.name, 'tz', h.tz,
           'rules', ${rulesOf(schema)}, 'exceptions', ${exceptionsOf(schema)}))
    from ${schema}.resource r join ${schema}.site h on h.id = r.site_id
   where r.active and ${those}), '[]')`;

const rulesOf = (schema: string): string => `coalesce((
  select json_agg(json_build_object(${place('u')}, 'weekday', u.weekday, 'validFrom', ${day('u.valid_from')},
                    'validUntil', ${day('u.valid_until')}, 'bookableBy', u.bookable_by, 'minNoticeMin', u.min_notice_min,
                    'horizonDays', u.horizon_days) order by u.id)
    from ${schema}.schedule_rule u join ${schema}.site s on s.id = u.site_id and s.active
   where u.resource_id = r.id), '[]')`;

const exceptionsOf = (schema: string): string => `coalesce((
  select json_agg(json_build_object(${place('e')}, 'kind', e.kind, 'firstDay', ${day('e.first_day')},
                    'lastDay', ${day('e.last_day')}) order by e.id)
    from ${schema}.schedule_exception e join ${schema}.site s on s.id = e.site_id
   where e.resource_id = r.id and (e.kind <> 'extra' or s.active)
     and e.first_day <= ($5::timestamptz + interval '3 days')::date
     and e.last_day >= ($4::timestamptz - interval '3 days')::date), '[]')`;
