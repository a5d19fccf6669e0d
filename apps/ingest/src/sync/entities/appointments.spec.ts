import { describe, expect, it } from '@jest/globals';
import {
  appointmentMoves,
  type AppointmentStatus,
  appointmentStatuses,
  permissionsOf,
  type Role,
} from '@hms/contracts';
import fc from 'fast-check';
import { type ScheduleFacts, Schedules } from '../schedules/schedules.js';
import { appointments } from './appointments.js';
import type { Outcome, ReadyOp, View } from './entity.js';
import type { Row } from './row.js';

const uuid = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const [patientId, providerId, serviceId, siteId, roomId] = [1, 2, 3, 4, 5].map(uuid) as [
  string,
  string,
  string,
  string,
  string,
];
/** A Monday. */
const now = Date.parse('2026-03-02T07:00:00Z');
const hour = 3_600_000;

const place = { siteId, siteName: 'Clinic', tz: 'Europe/Dublin' };
const hours = {
  serviceIds: [],
  startMin: 9 * 60,
  endMin: 12 * 60,
  slotMin: 30,
  capacity: null,
  bookableBy: 'staff',
} as const;
const monday = { ...place, ...hours, weekday: 1, validFrom: null, validUntil: null, minNoticeMin: 0, horizonDays: 30 };
const facts: ScheduleFacts = {
  graceMin: 15,
  services: [{ id: serviceId, durationMin: 30, bufferBeforeMin: 5, bufferAfterMin: 10 }],
  providers: [{ ...place, id: providerId, name: 'Dr Test', capacity: 2, rules: [monday], exceptions: [] }],
  along: [
    {
      ...{ ...place, id: roomId, name: 'Room', capacity: 1, rules: [{ ...monday, startMin: 9 * 60, endMin: 11 * 60 }] },
      exceptions: [],
    },
  ],
};

const op = (given: Partial<ReadyOp>): ReadyOp => ({
  ...{ seq: 1, op: uuid(90), entity: 'appointments', id: uuid(50), kind: 'create', base: null, patch: null, was: null },
  ...{ cmd: null, deps: [], group: null, sv: 1, hlc: null, at: new Date(now).toISOString(), off: 0 },
  ...given,
});
const wish = (more: object = {}): ReadyOp =>
  op({ patch: { patientId, providerId, serviceId, start: '2026-03-02T09:30:00Z', ...more } });
const command = (name: string, more: Partial<ReadyOp> = {}): ReadyOp =>
  op({ kind: 'command', cmd: { name: `appointment.${name}`, args: {} }, ...more });

const rowOf = (status: AppointmentStatus, id = uuid(50)): Row => ({
  ...{ id, patientId, version: 1, fieldVersions: {}, deleted: false },
  fields: { status, start: '2026-03-02T06:30:00Z', tz: 'Europe/Dublin' },
});
interface Seen {
  readonly row?: Row;
  readonly siblings?: readonly Row[];
  readonly roles?: readonly Role[];
  readonly at?: number;
}
const view = ({ row, siblings = [], roles = ['doctor'], at = now }: Seen = {}): View => ({
  ...{ row, siblings, userId: uuid(60), permissions: permissionsOf(roles), own: new Set<number>() },
  ...{ schedules: new Schedules(facts), now: at },
});
const said = (outcome: Outcome): string => ('code' in outcome ? outcome.code : undefined) ?? outcome.status;
const reduce = (given: ReadyOp, seen: Seen = {}): string => said(appointments.reduce(given, view(seen)));

describe('booking', () => {
  it('takes the seats of provider and rooms, buffers included, in one order for everybody', () => {
    const outcome = appointments.reduce(wish({ resourceIds: [roomId] }), view());
    const then = { from: new Date('2026-03-02T09:25:00Z'), to: new Date('2026-03-02T10:10:00Z') };
    expect(outcome).toMatchObject({
      status: 'applied',
      fields: {
        end: '2026-03-02T10:00:00.000Z',
        tz: 'Europe/Dublin',
        doctorName: 'Dr Test',
        seats: [
          { resourceId: providerId, capacity: 2, ...then },
          { resourceId: roomId, capacity: 1, ...then },
        ],
      },
    });
  });

  it.each([
    ['a time no slot starts', { start: '2026-03-02T09:40:00Z' }, 'slot_taken'],
    ['a time the room is closed', { start: '2026-03-02T11:30:00Z', resourceIds: [roomId] }, 'slot_taken'],
    ['a day without hours', { start: '2026-03-03T09:30:00Z' }, 'slot_taken'],
    ['what is over', { start: '2026-02-23T09:30:00Z' }, 'slot_taken'],
    ['what is beyond the horizon', { start: '2026-05-04T09:30:00Z' }, 'slot_taken'],
    ['a provider out of use', { providerId: uuid(9) }, 'invalid'],
    ['a service out of use', { serviceId: uuid(9) }, 'invalid'],
    ['a room out of use', { resourceIds: [uuid(9)] }, 'invalid'],
    ['the place of an appointment nobody knows', { rescheduleOf: uuid(9) }, 'parent_missing'],
  ])('refuses %s', (_, more, code) => {
    expect(reduce(wish(more))).toBe(code);
  });

  it('goes outside the hours for those who may overbook, with a reason', () => {
    const outside = wish({ start: '2026-03-03T09:30:00Z', overbookReason: 'Urgent' });
    expect(reduce(outside)).toBe('applied');
    expect(reduce(outside, { roles: ['nurse'] })).toBe('forbidden');
  });

  it('takes the place of what may still be moved, of the same patient', () => {
    const instead = wish({ rescheduleOf: uuid(7) });
    for (const status of appointmentStatuses) {
      const code = appointmentMoves[status].includes('rescheduled') ? 'applied' : 'bad_transition';
      expect([status, reduce(instead, { siblings: [rowOf(status, uuid(7))] })]).toEqual([status, code]);
    }
    const others = { ...rowOf('booked', uuid(7)), patientId: uuid(8) };
    expect(reduce(instead, { siblings: [others] })).toBe('parent_missing');
  });

  it('is not undone or changed by rewriting', () => {
    for (const kind of ['update', 'delete'] as const) {
      expect(reduce(op({ kind, patch: { reason: 'Cough' } }), { row: rowOf('booked') })).toBe('bad_transition');
    }
  });
});

describe('a command', () => {
  const names = {
    confirm: 'confirmed',
    'check-in': 'checked_in',
    start: 'in_progress',
    complete: 'completed',
    cancel: 'cancelled',
    'no-show': 'no_show',
  } as const;

  it('moves along the table of states, and changes nothing where it is so already', () => {
    const cases = fc.record({
      from: fc.constantFrom(...appointmentStatuses),
      name: fc.constantFrom(...(Object.keys(names) as (keyof typeof names)[])),
    });
    fc.assert(
      fc.property(cases, ({ from, name }) => {
        const to = names[name];
        const outcome = appointments.reduce(
          command(name),
          view({ row: rowOf(from), roles: ['doctor', 'receptionist'] }),
        );
        if (from === to) expect(outcome).toEqual({ status: 'applied', unchanged: true });
        else if (appointmentMoves[from].includes(to)) expect(outcome).toMatchObject({ fields: { status: to } });
        else expect(said(outcome)).toBe('bad_transition');
      }),
    );
  });

  it('checks nobody in who is not at the front desk', () => {
    expect(reduce(command('check-in'), { row: rowOf('booked'), roles: ['nurse'] })).toBe('forbidden');
  });

  it('calls nobody missed before the grace is over', () => {
    const seen = { row: rowOf('booked') };
    expect(reduce(command('no-show'), { ...seen, at: now - 16 * 60_000 })).toBe('bad_transition');
    expect(reduce(command('no-show'), { ...seen, at: now - 15 * 60_000 })).toBe('applied');
  });

  it('checks in on the day the patient came, by the clocks of the site and the device as it is corrected', () => {
    const seen: Seen = { row: rowOf('booked'), roles: ['receptionist'] };
    const cameAt = (time: number, off = 0): string =>
      reduce(command('check-in', { at: new Date(time).toISOString(), off }), seen);
    expect(cameAt(now - 6 * hour)).toBe('applied');
    expect(cameAt(now - 8 * hour)).toBe('expired');
    expect(cameAt(now - 8 * hour, 2 * hour)).toBe('applied');
  });

  it('that nobody knows, and a row that is not there, are refused', () => {
    expect(reduce(command('fly'), { row: rowOf('booked') })).toBe('invalid');
    expect(reduce(command('toString'), { row: rowOf('booked') })).toBe('invalid');
    expect(reduce(command('cancel'))).toBe('not_found');
  });
});

describe('other times', () => {
  const asked = { providerId, serviceId, start: new Date('2026-03-02T09:30:00Z'), resourceIds: [] };
  const hour = { start: Date.parse('2026-03-02T10:00:00Z'), end: Date.parse('2026-03-02T11:00:00Z') };
  const busy = new Map([[providerId, [1, 2].map((seat) => ({ seat, ...hour }))]]);

  it('are the next that are free, buffers included', () => {
    const free = new Schedules(facts).alternatives(asked, busy, now);
    expect(free.map(({ start }) => start)).toEqual([
      '2026-03-02T11:30:00.000Z',
      '2026-03-09T09:00:00.000Z',
      '2026-03-09T09:30:00.000Z',
    ]);
  });

  it('are those at which the room is there and free too', () => {
    const taken = new Map([...busy, [roomId, [{ seat: 1, start: hour.end, end: hour.start + 7 * 24 * 3_600_000 }]]]);
    const free = new Schedules(facts).alternatives({ ...asked, resourceIds: [roomId] }, taken, now);
    expect(free.map(({ start }) => start)).toEqual(['2026-03-09T10:30:00.000Z', '2026-03-16T09:00:00.000Z']);
  });

  it('are none of a provider or service that is out of use', () => {
    expect(Schedules.none.alternatives(asked, busy, now)).toEqual([]);
  });
});
