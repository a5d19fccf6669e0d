import { describe, expect, it } from '@jest/globals';
import { withAlong, type Along } from './along.js';
import { parseDay, parseTime } from './local-day.js';
import type { Busy, Exception, Rule, Service, Slot } from './schedule.js';

const service: Service = { id: 's', durationMin: 60, bufferBeforeMin: 0, bufferAfterMin: 0 };
const place = { siteId: 'site', siteName: 'Site', tz: 'UTC' };
const day = '2026-06-01'; // a Monday
const at = (time: string): number => Date.parse(`${day}T${time}Z`);
const range = { from: at('00:00'), to: Date.parse('2026-06-02T12:00Z') };

const rule = (from: string, to: string, more: Partial<Rule> = {}): Rule => ({
  ...place,
  serviceIds: [],
  weekday: 1,
  startMin: parseTime(from),
  endMin: parseTime(to),
  slotMin: 30,
  capacity: null,
  validFrom: null,
  validUntil: null,
  bookableBy: 'staff',
  minNoticeMin: 0,
  horizonDays: 1,
  ...more,
});
const exception = (more: Partial<Exception>): Exception => ({
  ...place,
  kind: 'closed',
  firstDay: parseDay(day) ?? 0,
  lastDay: parseDay(day) ?? 0,
  startMin: null,
  endMin: null,
  serviceIds: [],
  slotMin: null,
  capacity: null,
  ...more,
});
const room = (more: Partial<Along> = {}): Along => ({
  id: 'room',
  capacity: 1,
  rules: [],
  exceptions: [],
  busy: [],
  ...more,
});
const busy = (seat: number, start: string, end: string): Busy => ({ seat, start: at(start), end: at(end) });
/** Of an hour each, with two seats of their provider. */
const slots = (...starts: string[]): Slot[] =>
  starts.map((start) => ({
    ...place,
    start: at(start),
    end: at(start) + 3_600_000,
    providerId: 'p',
    serviceId: 's',
    capacity: 2,
    seatsFree: 2,
  }));
const free = (along: readonly Along[], ...starts: string[]): [string, number][] =>
  withAlong(slots(...starts), service, along, range).map(({ start, seatsFree }) => [
    new Date(start).toISOString().slice(11, 16),
    seatsFree,
  ]);

describe('a room or device that is taken along', () => {
  it('is there always when it has no hours of its own, but for when it is closed', () => {
    expect(free([room()], '03:00', '12:00')).toEqual([
      ['03:00', 1],
      ['12:00', 1],
    ]);
    const closed = exception({ startMin: parseTime('12:30'), endMin: parseTime('13:00') });
    expect(free([room({ exceptions: [closed] })], '03:00', '12:00')).toEqual([['03:00', 1]]);
  });

  it('is there for the whole slot or not at all; hours that follow each other are one', () => {
    const rules = [rule('08:00', '10:00'), rule('10:00', '12:00'), rule('14:00', '15:30')];
    const asked = ['07:30', '08:00', '09:30', '11:30', '13:30', '14:00', '14:30', '15:00'];
    expect(free([room({ rules })], ...asked).map(([start]) => start)).toEqual(['08:00', '09:30', '14:00', '14:30']);
    const extra = exception({ kind: 'extra', startMin: parseTime('12:00'), endMin: parseTime('12:30'), slotMin: 30 });
    expect(free([room({ rules, exceptions: [extra] })], '11:30')).toEqual([['11:30', 1]]);
  });

  it('has hours past midnight, for the services and days of their rule', () => {
    const night = rule('22:00', '02:00');
    const over = slots('23:30');
    expect(withAlong(over, service, [room({ rules: [night] })], range)).toHaveLength(1);
    for (const other of [{ weekday: 2 }, { serviceIds: ['another'] }, { validUntil: (parseDay(day) ?? 0) - 1 }])
      expect(withAlong(over, service, [room({ rules: [{ ...night, ...other }] })], range)).toEqual([]);
  });

  it('leaves as many seats as the scarcest has, and counts those that are taken with the buffers', () => {
    const rules = [rule('08:00', '10:00', { capacity: 3 }), rule('10:00', '12:00')];
    const along = room({ rules, capacity: 5, busy: [busy(1, '08:00', '09:00')] });
    expect(free([along], '08:00', '10:00')).toEqual([
      ['08:00', 2],
      ['10:00', 2],
    ]);
    expect(free([along, room({ busy: [busy(1, '09:00', '10:00')] })], '08:00', '09:00', '10:00')).toEqual([
      ['08:00', 1],
      ['09:00', 0],
      ['10:00', 1],
    ]);
    const buffered = { ...service, bufferBeforeMin: 15 };
    expect(withAlong(slots('10:00'), buffered, [room({ busy: [busy(1, '09:00', '10:00')] })], range)).toMatchObject([
      { seatsFree: 0 },
    ]);
    const fewer = exception({ kind: 'capacity', capacity: 1 });
    expect(free([room({ capacity: 2, exceptions: [fewer] })], '08:00')).toEqual([['08:00', 1]]);
  });
});
