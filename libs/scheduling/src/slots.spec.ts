import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { minuteMs, parseDay, parseTime, weekdayOf } from './local-day.js';
import type { Busy, Exception, Provider, Rule, Service, Viewer } from './schedule.js';
import { findSlots, portionsOf, slotsOf } from './slots.js';

const service: Service = { id: 's', durationMin: 30, bufferBeforeMin: 0, bufferAfterMin: 0 };
const staff: Viewer = { now: Date.UTC(2025, 0), isPatient: false };
const dayOf = (day: string): number => parseDay(day) ?? 0;

interface Hours {
  readonly tz: string;
  readonly day: string;
  readonly from: string;
  readonly to: string;
  readonly every?: number;
}
const rule = ({ tz, day, from, to, every = 30 }: Hours, more: Partial<Rule> = {}): Rule => ({
  siteId: 'site',
  siteName: 'Site',
  tz,
  serviceIds: [],
  weekday: weekdayOf(dayOf(day)),
  startMin: parseTime(from),
  endMin: parseTime(to),
  slotMin: every,
  capacity: null,
  validFrom: null,
  validUntil: null,
  bookableBy: 'patient',
  minNoticeMin: 0,
  horizonDays: 730,
  ...more,
});
const exception = (tz: string, day: string, more: Partial<Exception>): Exception => ({
  siteId: 'site',
  siteName: 'Site',
  tz,
  kind: 'closed',
  firstDay: dayOf(day),
  lastDay: dayOf(day),
  startMin: null,
  endMin: null,
  serviceIds: [],
  slotMin: null,
  capacity: null,
  ...more,
});
const provider = (rules: readonly Rule[], more: Partial<Provider> = {}): Provider => ({
  id: 'p',
  capacity: 1,
  rules,
  exceptions: [],
  busy: [],
  ...more,
});
const range = (from: string, to: string) => ({ from: Date.parse(from), to: Date.parse(to) });
const iso = (time: number): string => new Date(time).toISOString().replace(':00.000Z', 'Z');
const starts = (hours: Hours, from: string, to: string): string[] =>
  slotsOf(provider([rule(hours)]), service, range(from, to), staff).map(({ start }) => iso(start));

describe('slots by the wall clock of a site', () => {
  it('of Chicago, on the day its clocks are put forward, are at the hours the clocks show', () => {
    const hours = { tz: 'America/Chicago', day: '2025-03-09', from: '15:00', to: '16:00' };
    expect(starts(hours, '2025-03-09T00:00Z', '2025-03-10T12:00Z')).toEqual(['2025-03-09T20:00Z', '2025-03-09T20:30Z']);
  });

  it('of New York leave out the hour that does not exist', () => {
    const hours = { tz: 'America/New_York', day: '2026-03-08', from: '01:00', to: '04:00' };
    expect(starts(hours, '2026-03-08T00:00Z', '2026-03-09T00:00Z')).toEqual([
      '2026-03-08T06:00Z',
      '2026-03-08T06:30Z',
      '2026-03-08T07:00Z',
      '2026-03-08T07:30Z',
    ]);
  });

  it('of New York are offered once in the hour that comes twice, the first time', () => {
    const hours = { tz: 'America/New_York', day: '2026-11-01', from: '00:30', to: '03:00' };
    expect(starts(hours, '2026-11-01T00:00Z', '2026-11-02T00:00Z')).toEqual([
      '2026-11-01T04:30Z',
      '2026-11-01T05:00Z',
      '2026-11-01T05:30Z',
      '2026-11-01T07:00Z',
      '2026-11-01T07:30Z',
    ]);
  });

  it.each([
    ['2026-03-29', ['2026-03-29T00:30Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z']],
    [
      '2026-10-25',
      ['2026-10-24T23:30Z', '2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-25T02:00Z', '2026-10-25T02:30Z'],
    ],
  ])('of London on %s', (day, expected) => {
    const hours = { tz: 'Europe/London', day, from: '00:30', to: '03:00' };
    expect(starts(hours, `${day}T00:00-02:00`.replace(day, addDays(day, -1)), `${day}T12:00Z`)).toEqual(expected);
  });

  it('of Kolkata are half an hour off the full hours of UTC, all year', () => {
    for (const day of ['2026-01-15', '2026-07-15']) {
      const hours = { tz: 'Asia/Kolkata', day, from: '09:00', to: '10:00' };
      expect(starts(hours, `${day}T00:00Z`, `${day}T12:00Z`)).toEqual([`${day}T03:30Z`, `${day}T04:00Z`]);
    }
  });

  it.each([
    // +10:30 until 02:00, +11 from then on, which is 02:30.
    ['2026-10-04', ['2026-10-03T15:00Z', '2026-10-03T15:30Z', '2026-10-03T16:00Z']],
    // +11 until 02:00, +10:30 from then on, which is 01:30 again.
    ['2026-04-05', ['2026-04-04T14:30Z', '2026-04-04T15:30Z', '2026-04-04T16:00Z', '2026-04-04T16:30Z']],
  ])('of Lord Howe on %s, whose clocks are moved by half an hour', (day, expected) => {
    const hours = { tz: 'Australia/Lord_Howe', day, from: '01:30', to: '03:30' };
    const found = starts(hours, `${addDays(day, -1)}T12:00Z`, `${day}T06:00Z`);
    expect(found).toEqual(expected);
  });

  it('of a night clinic go on after midnight, and are of the day they began on', () => {
    const hours = { tz: 'Europe/London', day: '2026-06-01', from: '22:00', to: '02:00', every: 60 };
    expect(starts(hours, '2026-06-01T12:00Z', '2026-06-02T12:00Z')).toEqual([
      '2026-06-01T21:00Z',
      '2026-06-01T22:00Z',
      '2026-06-01T23:00Z',
      '2026-06-02T00:00Z',
    ]);
    // Asked for from midnight on.
    expect(starts(hours, '2026-06-01T23:00Z', '2026-06-02T12:00Z')).toEqual(['2026-06-01T23:00Z', '2026-06-02T00:00Z']);
  });

  it('of a night clinic on the night the clocks are put back end when the clocks say so', () => {
    const hours = { tz: 'America/New_York', day: '2026-10-31', from: '22:00', to: '03:00', every: 60 };
    expect(starts(hours, '2026-10-31T12:00Z', '2026-11-01T12:00Z')).toEqual([
      '2026-11-01T02:00Z',
      '2026-11-01T03:00Z',
      '2026-11-01T04:00Z',
      '2026-11-01T05:00Z',
      '2026-11-01T07:00Z',
    ]);
  });
});

function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

const monday = '2026-06-01';
const morning: Hours = { tz: 'UTC', day: monday, from: '09:00', to: '11:00' };
const whole = range('2026-06-01T00:00Z', '2026-06-02T00:00Z');
const freeAt = (of: Provider, asked = service, viewer = staff): Record<string, number> =>
  Object.fromEntries(
    slotsOf(of, asked, whole, viewer).map(({ start, seatsFree }) => [iso(start).slice(11, 16), seatsFree]),
  );
const busy = (seat: number, start: string, end: string): Busy => ({
  seat,
  start: Date.parse(`${monday}T${start}Z`),
  end: Date.parse(`${monday}T${end}Z`),
});

describe('slots', () => {
  it('fit into their window', () => {
    expect(Object.keys(freeAt(provider([rule(morning)]), { ...service, durationMin: 60 }))).toEqual([
      '09:00',
      '09:30',
      '10:00',
    ]);
  });

  it('are there only for the days and the services of a rule', () => {
    const outdated = rule(morning, { validUntil: dayOf(monday) - 1 });
    expect(freeAt(provider([outdated]))).toEqual({});
    expect(freeAt(provider([rule(morning, { serviceIds: ['another'] })]))).toEqual({});
    expect(
      Object.keys(freeAt(provider([rule(morning, { validFrom: dayOf(monday), serviceIds: ['s'] })]))),
    ).toHaveLength(4);
  });

  it('are taken away by closed hours and days, and added by extra ones', () => {
    const rules = [rule(morning)];
    const closed = exception('UTC', monday, { startMin: 9 * 60 + 45, endMin: 10 * 60 + 15 });
    expect(Object.keys(freeAt(provider(rules, { exceptions: [closed] })))).toEqual(['09:00', '10:30']);
    expect(freeAt(provider(rules, { exceptions: [exception('UTC', monday, {})] }))).toEqual({});
    const extra = exception('UTC', monday, { kind: 'extra', startMin: 20 * 60, endMin: 21 * 60, slotMin: 30 });
    expect(Object.keys(freeAt(provider(rules, { exceptions: [extra] }))).slice(4)).toEqual(['20:00', '20:30']);
  });

  it('have as many seats as the exception, the rule or the provider says, in this order', () => {
    expect(freeAt(provider([rule(morning)], { capacity: 2 }))).toMatchObject({ '09:00': 2 });
    expect(freeAt(provider([rule(morning, { capacity: 5 })], { capacity: 2 }))).toMatchObject({ '09:00': 5 });
    const more = exception('UTC', monday, { kind: 'capacity', capacity: 8, startMin: 600, endMin: 660 });
    expect(freeAt(provider([rule(morning, { capacity: 5 })], { exceptions: [more] }))).toEqual({
      '09:00': 5,
      '09:30': 5,
      '10:00': 8,
      '10:30': 8,
    });
  });

  it('lose the seats that are taken, with the buffers of both', () => {
    const taken = { busy: [busy(1, '09:30', '10:00'), busy(2, '09:30', '10:00')], capacity: 2 };
    expect(freeAt(provider([rule(morning)], taken))).toEqual({ '09:00': 2, '09:30': 0, '10:00': 2, '10:30': 2 });
    expect(freeAt(provider([rule(morning)], taken), { ...service, bufferAfterMin: 10 })).toMatchObject({ '09:00': 0 });
    expect(freeAt(provider([rule(morning)], taken), { ...service, bufferBeforeMin: 10 })).toMatchObject({ '10:00': 0 });
  });

  it('are shown to patients only as far ahead and as long before as the rule says; nobody sees the past', () => {
    const now = Date.parse(`${monday}T09:15Z`);
    const seen = (more: Partial<Rule>, isPatient: boolean) =>
      Object.keys(freeAt(provider([rule(morning, more)]), service, { now, isPatient }));
    expect(seen({}, true)).toEqual(['09:30', '10:00', '10:30']);
    expect(seen({ minNoticeMin: 60 }, true)).toEqual(['10:30']);
    expect(seen({ minNoticeMin: 60 }, false)).toEqual(['09:30', '10:00', '10:30']);
    expect(seen({ bookableBy: 'staff' }, true)).toEqual([]);
    expect(seen({ bookableBy: 'staff' }, false)).toHaveLength(3);
    const daysBefore = { now: now - 2 * 86_400_000, isPatient: false };
    expect(freeAt(provider([rule(morning, { horizonDays: 1 })]), service, daysBefore)).toEqual({});
  });
});

const zone = fc.constantFrom('Europe/London', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
const anyRule = fc
  .record({
    tz: zone,
    weekday: fc.integer({ min: 1, max: 7 }),
    startMin: fc.nat(287).map((n) => n * 5),
    endMin: fc.nat(287).map((n) => n * 5),
    slotMin: fc.constantFrom(5, 15, 20, 30, 45),
    capacity: fc.option(fc.integer({ min: 1, max: 3 })),
  })
  .map((drawn) => ({ ...rule({ ...morning, tz: drawn.tz }), ...drawn }));
const anyBusy = fc
  .array(
    fc.record({
      seat: fc.integer({ min: 1, max: 3 }),
      at: fc.nat(60 * 24 * 10),
      lasts: fc.integer({ min: 5, max: 300 }),
    }),
    { maxLength: 30 },
  )
  .map((drawn) =>
    drawn
      .map(({ seat, at, lasts }) => {
        const start = Date.UTC(2026, 9, 22) + at * minuteMs;
        return { seat, start, end: start + lasts * minuteMs };
      })
      .sort((a, b) => a.start - b.start),
  );
const anyProviders = fc
  .array(fc.record({ rules: fc.array(anyRule, { maxLength: 4 }), busy: anyBusy }), { minLength: 1, maxLength: 3 })
  .map((drawn) => drawn.map((each, i) => provider(each.rules, { id: `p${i}`, busy: each.busy })));
const window = range('2026-10-23T07:00Z', '2026-10-31T19:00Z');
const search = { services: [service], along: [], viewer: staff, wanted: () => true };

describe('a search', () => {
  it('finds the same whether it is asked for all at once or in pages and parts, always in order', () => {
    fc.assert(
      fc.property(anyProviders, fc.integer({ min: 1, max: 40 }), fc.nat(8), (providers, limit, days) => {
        const all = findSlots({ ...search, providers, range: window, limit: 1e6 });
        expect(findSlots({ ...search, providers, range: window, limit })).toEqual(all.slice(0, limit));
        const middle = window.from + days * 86_400_000;
        const halves = [
          ...findSlots({ ...search, providers, range: { from: window.from, to: middle }, limit: 1e6 }),
          ...findSlots({ ...search, providers, range: { from: middle, to: window.to }, limit: 1e6 }),
        ];
        expect(halves).toEqual(all);
        const portions = [...portionsOf(window)].flatMap((range) =>
          findSlots({ ...search, providers, range, limit: 1e6 }),
        );
        expect(portions).toEqual(all);
        const keys = all.map(({ start, providerId }) => `${start} ${providerId}`);
        expect(keys).toEqual([...new Set(keys)].sort());
      }),
      { numRuns: 60 },
    );
  });

  it('says free exactly of seats that no busy time touches', () => {
    fc.assert(
      fc.property(anyProviders, (providers) => {
        for (const slot of findSlots({ ...search, providers, range: window, limit: 1e6 })) {
          const touching = providers
            .find(({ id }) => id === slot.providerId)!
            .busy.filter((each) => each.start < slot.end && each.end > slot.start && each.seat <= slot.capacity);
          expect(slot.seatsFree).toBe(slot.capacity - new Set(touching.map(({ seat }) => seat)).size);
        }
      }),
      { numRuns: 60 },
    );
  });
});
