import { describe, expect, it } from '@jest/globals';
import { permissionsOf } from '@hms/contracts';
import fc from 'fast-check';
import { Schedules } from '../schedules/schedules.js';
import { encounters } from './encounters.js';
import type { Outcome, ReadyOp, View } from './entity.js';
import { mergeFields } from './merge.js';
import { type Fields, type Row, same } from './row.js';

const id = '01900000-0000-7000-8000-000000000001';
const rules = {
  classOf: (field: string) => (field === 'phone' ? 'server-wins' : 'people'),
  columnsOf: (field: string) => [field],
};

/** A row, and which of its versions the device made. */
interface Stand {
  readonly row: Row;
  readonly own: ReadonlySet<number>;
}

const made: Stand = {
  row: { id, patientId: id, version: 1, fields: { phone: '0', name: 'A' }, fieldVersions: {}, deleted: false },
  own: new Set(),
};

const opOf = (given: Partial<ReadyOp>): ReadyOp => ({
  ...{ seq: 1, op: id, entity: 'patients', id, kind: 'update', base: 1, patch: null, was: null },
  ...{ cmd: null, deps: [], group: null, sv: 1, hlc: null, at: '2026-06-01T11:00:00Z', off: 0 },
  ...given,
});

const viewOf = ({ row, own }: Stand): View => ({
  ...{ row, own, siblings: [], userId: id, permissions: permissionsOf(['doctor']) },
  ...{ schedules: Schedules.none, now: 0 },
});

function after({ row, own }: Stand, change: Fields, isOwn: boolean): Stand {
  const version = row.version + 1;
  const stamps = Object.fromEntries(Object.keys(change).map((field) => [field, version]));
  return {
    row: { ...row, version, fields: { ...row.fields, ...change }, fieldVersions: { ...row.fieldVersions, ...stamps } },
    own: isOwn ? new Set([...own, version]) : own,
  };
}

const merged = (stand: Stand, given: Partial<ReadyOp>): Outcome => mergeFields(opOf(given), viewOf(stand), rules);
const taken = (outcome: Outcome): Fields => ('fields' in outcome ? outcome.fields : {});

const change = fc.record(
  { phone: fc.constantFrom('1', '2', '3'), name: fc.constantFrom('B', 'C') },
  { requiredKeys: [] },
);

/** What happens in the end at the server, which the device hears of at once or not yet, and what its person does. */
const happening = fc.oneof(
  fc.record({ kind: fc.constant('others' as const), change }),
  fc.record({ kind: fc.constant('heard' as const) }),
  fc.record({ kind: fc.constant('own' as const), change }),
  fc.record({ kind: fc.constant('sent' as const), ops: fc.integer({ min: 1, max: 4 }) }),
);

describe('a change of a field', () => {
  it('never goes over a value its author was not shown, whatever hid it', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 20 }), (happenings) => {
        let stand = made;
        let base = made.row;
        let waiting: ReadyOp[] = [];
        for (const one of happenings) {
          if (one.kind === 'others') stand = after(stand, one.change, false);
          else if (one.kind === 'heard') base = stand.row;
          else if (one.kind === 'own') {
            const shown = waiting.reduce<Fields>((fields, { patch }) => ({ ...fields, ...patch }), base.fields);
            const was = Object.fromEntries(
              Object.keys(one.change).map((field) => [field, shown[field]]),
            ) as ReadyOp['was'];
            waiting.push(opOf({ base: base.version, patch: one.change, was }));
          } else {
            for (const op of waiting.slice(0, one.ops)) {
              const fields = taken(mergeFields(op, viewOf(stand), rules));
              for (const field of Object.keys(fields)) {
                const isOwn = stand.own.has(stand.row.fieldVersions[field] ?? 1);
                expect(isOwn || same(op.was?.[field], stand.row.fields[field])).toBe(true);
              }
              if (Object.keys(fields).length > 0) stand = after(stand, fields, true);
            }
            waiting = waiting.slice(one.ops);
          }
        }
      }),
    );
  });

  it('is taken when only the device itself changed it meanwhile, though the person saw what it said in between', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        let stand = made;
        for (const patch of changes) {
          const was = Object.fromEntries(Object.keys(patch).map((field) => [field, stand.row.fields[field]]));
          const outcome = merged(stand, { patch, was } as Partial<ReadyOp>);
          expect(outcome.status).toBe('applied');
          if (Object.keys(taken(outcome)).length > 0) stand = after(stand, taken(outcome), true);
          expect(stand.row.fields).toMatchObject(patch);
        }
      }),
    );
  });

  it('hid by one that waits, is put beside it for a person', () => {
    const theirs = after(made, { name: 'B', phone: '1' }, false);
    const name = merged(theirs, { base: 2, patch: { name: 'D' }, was: { name: 'C' } });
    expect(name).toMatchObject({ status: 'conflict', conflicts: [{ field: 'name', yours: 'D', theirs: 'B' }] });
    const phone = merged(theirs, { base: 2, patch: { phone: '9' }, was: { phone: '8' } });
    expect(phone).toMatchObject({ status: 'merged', fields: {}, conflicts: [{ field: 'phone', kept: 'theirs' }] });
    expect(merged(theirs, { base: 2, patch: { name: 'D' }, was: { name: 'B' } }).status).toBe('applied');
    expect(merged(theirs, { base: 2, patch: { name: 'B' }, was: { name: 'C' } }).status).toBe('applied');
  });

  it('of an encounter is a conflict, too, where another value was shown', () => {
    const row = { ...made.row, version: 2, fields: { status: 'arrived', chiefComplaint: 'Chest pain' } };
    const op = opOf({ entity: 'encounters', base: 2, patch: { chiefComplaint: 'Cough' } });
    const said = (was: ReadyOp['was']): string =>
      encounters.reduce({ ...op, was }, viewOf({ row, own: new Set() })).status;
    expect(said({ chiefComplaint: 'Fever' })).toBe('conflict');
    expect(said({ chiefComplaint: 'Chest pain' })).toBe('applied');
    expect(said(null)).toBe('applied');
  });
});
