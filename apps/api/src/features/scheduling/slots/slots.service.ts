import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import {
  alternativesWithinDays,
  clockOf,
  dayMs,
  findSlots,
  portionsOf,
  type Range,
  type Slot,
  type SlotSearch,
} from '@hms/scheduling';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { encodeCursor } from '../../../platform/http/page.js';
import { notUsable } from '../scheduling.errors.js';
import { isStaff } from '../scheduling.policy.js';
import type { DayOrInstant } from '../scheduling.fields.js';
import type { SlotDto, SlotPageDto, SlotsQueryDto } from './slots.dto.js';
import { SlotsRepository, type Schedule, type ScheduleFilter } from './slots.repository.js';

const usualDays = 7;
const maxDays = 92;
/** No zone is further from UTC. */
const zoneMarginMs = 14 * 3_600_000;

export interface SlotKey {
  readonly providerId: string;
  readonly serviceId: string;
  readonly start: Date;
  /** Rooms and devices it takes along. */
  readonly resourceIds: readonly string[];
}

/** Times that can be booked. They are computed from schedules and appointments whenever somebody asks. */
@Injectable()
export class SlotsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly slots: SlotsRepository,
  ) {}

  /**
   * By start, provider and service.
   * @throws `request.invalid` for a window that is empty or too long, `auth.forbidden` for rooms and devices named by
   * somebody who is no staff
   */
  search(actor: HospitalActor, query: SlotsQueryDto): Promise<SlotPageDto> {
    const { limit, cursor, free } = query;
    if (query.resourceIds !== undefined && !isStaff(actor)) throw commonError('auth.forbidden');
    const viewer = { now: Date.now(), isPatient: !isStaff(actor) };
    const range = rangeOf(query, viewer.now);
    const after =
      cursor === undefined
        ? undefined
        : decodeKeys(cursor, { start: 'integer', providerId: 'uuid', serviceId: 'uuid' });
    const wanted = (slot: Slot): boolean =>
      (free === undefined || slot.seatsFree > 0 === free) &&
      isWithin(query, slot) &&
      (after === undefined || isAfter(slot, after));
    // Whatever a cursor says: not every number is a time.
    const from = Math.min(Math.max(range.from, after?.start ?? -Infinity, viewer.now), range.to);
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const found = await this.#find(tx, query, { range: { from, to: range.to }, viewer, wanted, limit: limit + 1 });
      const last = found.length > limit ? found[limit - 1] : undefined;
      return {
        items: found.slice(0, limit).map(toSlotDto),
        nextCursor: last ? encodeCursor([last.start, last.providerId, last.serviceId]) : null,
      };
    });
  }

  /** The next free slots from then on, for somebody who did not get that one. */
  alternatives(actor: HospitalActor, { start, ...filter }: SlotKey, limit: number): Promise<SlotDto[]> {
    const viewer = { now: Date.now(), isPatient: !isStaff(actor) };
    const from = Math.max(start.getTime(), viewer.now);
    const range = { from, to: from + alternativesWithinDays * dayMs };
    const wanted = ({ seatsFree }: Slot): boolean => seatsFree > 0;
    return this.database.readInHospital(actor.hospital, async (tx) =>
      (await this.#find(tx, filter, { range, viewer, wanted, limit })).map(toSlotDto),
    );
  }

  /** Appointments are looked at as far ahead as it takes to find enough. */
  async #find(
    tx: TenantTx,
    filter: ScheduleFilter,
    { range, limit, ...search }: Pick<SlotSearch, 'range' | 'viewer' | 'wanted' | 'limit'>,
  ): Promise<Slot[]> {
    const found: Slot[] = [];
    let schedule: Schedule | undefined;
    for (const portion of portionsOf(range)) {
      schedule = schedule
        ? await this.slots.findMore(tx, schedule, portion)
        : await this.slots.find(tx, filter, range, portion);
      if (schedule.along.length !== (filter.resourceIds ?? []).length) throw notUsable('resourceIds', 'room or device');
      found.push(...findSlots({ ...search, ...schedule, range: portion, limit: limit - found.length }));
      if (found.length >= limit) break;
    }
    return found;
  }
}

/** Wide enough for the days of every zone; {@link isWithin} is exact. */
function rangeOf({ from, to, tz }: SlotsQueryDto, now: number): Range {
  const start = from === undefined ? now : startOf(from, tz);
  const end = to === undefined ? start + usualDays * dayMs : endOf(to, tz);
  if (end <= start) throw invalid('to must not be before from');
  if (end - start > maxDays * dayMs) throw invalid(`to must be at most ${maxDays} days after from`);
  const isExact = (bound: DayOrInstant | undefined): boolean => tz !== undefined || !bound || !('day' in bound);
  return {
    from: isExact(from) ? start : start - zoneMarginMs,
    to: isExact(to ?? from) ? end : end + zoneMarginMs,
  };
}

const startOf = (bound: DayOrInstant, tz = 'UTC'): number =>
  'day' in bound ? clockOf(tz).firstInstantFrom(bound.day * dayMs) : bound.instant.getTime();
const endOf = (bound: DayOrInstant, tz = 'UTC'): number =>
  'day' in bound ? clockOf(tz).lastInstantBefore((bound.day + 1) * dayMs) : bound.instant.getTime();

/** By the days of the zone that was named, or of the slot's site. */
function isWithin({ from, to, tz }: SlotsQueryDto, slot: Slot): boolean {
  const zone = tz ?? slot.tz;
  const day = Math.floor(clockOf(zone).wallOf(slot.start) / dayMs);
  if (from && ('day' in from ? day < from.day : slot.start < from.instant.getTime())) return false;
  if (to) return 'day' in to ? day <= to.day : slot.start < to.instant.getTime();
  return from === undefined || !('day' in from) || day < from.day + usualDays;
}

type Position = Pick<Slot, 'start' | 'providerId' | 'serviceId'>;
const isAfter = (slot: Position, after: Position): boolean =>
  slot.start !== after.start
    ? slot.start > after.start
    : slot.providerId !== after.providerId
      ? slot.providerId > after.providerId
      : slot.serviceId > after.serviceId;

const invalid = (message: string): Error =>
  commonError('request.invalid', { errors: [{ field: 'to', code: 'window', message }] });

export const toSlotDto = ({ start, end, seatsFree, providerId, serviceId, siteId, tz }: Slot): SlotDto => ({
  start: new Date(start).toISOString(),
  end: new Date(end).toISOString(),
  providerId,
  serviceId,
  siteId,
  tz,
  free: seatsFree > 0,
  seatsFree,
});
