import { dayMs, minuteMs, weekdayOf } from './local-day.js';
import type { Exception, Provider, Rule, Service, Viewer } from './schedule.js';
import { clockOf } from './zone-clock.js';

/** When a provider can be booked at a site, by its wall clock. */
export type Window = Omit<Rule, 'weekday' | 'validFrom' | 'validUntil'>;

/** From one moment until before another, in milliseconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** From one moment until before another. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Null: closed. */
  readonly capacity: number | null;
}

/** A window may begin on the local day before, and a day be the day before or after in UTC. */
export const daysBefore = 2;

/** How far ahead added hours can be booked. */
const extraHorizonDays = 730;

/** An end at or before the start is on the next day. */
export const endAfter = (startMin: number, endMin: number): number => (endMin > startMin ? endMin : endMin + 24 * 60);

/** The windows that begin on a local day, for a service. */
export function windowsOn(provider: Provider, service: Service, day: number): Window[] {
  const weekday = weekdayOf(day);
  const takes = ({ serviceIds }: Window): boolean => serviceIds.length === 0 || serviceIds.includes(service.id);
  const weekly = provider.rules.filter(
    (rule) => rule.weekday === weekday && day >= (rule.validFrom ?? -Infinity) && day <= (rule.validUntil ?? Infinity),
  );
  const extra = provider.exceptions.filter((e) => e.kind === 'extra' && day >= e.firstDay && day <= e.lastDay);
  return [...weekly, ...extra.map(asWindow)].filter(takes);
}

const asWindow = ({ siteId, siteName, tz, serviceIds, startMin, endMin, slotMin, capacity }: Exception): Window => ({
  siteId,
  siteName,
  tz,
  serviceIds,
  startMin: startMin ?? 0,
  endMin: endMin ?? 0,
  slotMin: slotMin ?? 24 * 60,
  capacity,
  bookableBy: 'patient',
  minNoticeMin: 0,
  horizonDays: extraHorizonDays,
});

/** Wall times at which the service may start, as moments: `local_start + k · slot_min` while it ends within the window. */
export function startsIn(window: Window, service: Service, day: number): number[] {
  const clock = clockOf(window.tz);
  const last = endAfter(window.startMin, window.endMin) - service.durationMin;
  const starts: number[] = [];
  for (let minute = window.startMin; minute <= last; minute += window.slotMin) {
    const start = clock.instantOf(day * dayMs + minute * minuteMs);
    if (start !== undefined) starts.push(start);
  }
  return starts;
}

/** Times that exceptions close, or change the capacity of, within local days. */
export function spansOf(exceptions: readonly Exception[], fromDay: number, toDay: number): Span[] {
  return exceptions.flatMap((exception) => (exception.kind === 'extra' ? [] : spans(exception, fromDay, toDay)));
}

function spans(exception: Exception, fromDay: number, toDay: number): Span[] {
  const { kind, tz, firstDay, lastDay, startMin, endMin } = exception;
  const capacity = kind === 'closed' ? null : exception.capacity;
  const clock = clockOf(tz);
  const between = (startWall: number, endWall: number): Span => ({
    start: clock.firstInstantFrom(startWall),
    end: clock.lastInstantBefore(endWall),
    capacity,
  });
  if (startMin === null || endMin === null) return [between(firstDay * dayMs, (lastDay + 1) * dayMs)];
  const found: Span[] = [];
  for (let day = Math.max(firstDay, fromDay); day <= Math.min(lastDay, toDay); day += 1) {
    found.push(between(day * dayMs + startMin * minuteMs, day * dayMs + endAfter(startMin, endMin) * minuteMs));
  }
  return found;
}

/** Notice and who may book are for patients; nobody books the past, or past the horizon. */
export function isOpenTo({ now, isPatient }: Viewer, window: Window, start: number): boolean {
  if (isPatient && window.bookableBy !== 'patient') return false;
  const earliest = isPatient ? now + window.minNoticeMin * minuteMs : now;
  return start >= earliest && start < now + window.horizonDays * dayMs;
}

/** Zero when any of it is closed. */
export function capacityDuring(spans: readonly Span[], start: number, end: number, usual: number): number {
  let capacity = usual;
  for (const span of spans) {
    if (span.start >= end || span.end <= start) continue;
    if (span.capacity === null) return 0;
    capacity = span.capacity;
  }
  return capacity;
}
