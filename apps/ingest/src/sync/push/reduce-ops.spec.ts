import { describe, expect, it } from '@jest/globals';
import { permissionsOf, type SyncResult } from '@hms/contracts';
import fc from 'fast-check';
import { type Fields, same } from '../entities/row.js';
import { checkOp, type RawOp } from './op-check.js';
import { type Decision } from './decision.js';
import { type Context, reduceOps } from './reduce-ops.js';
import { Refused } from './refused.js';
import { WorkingSet } from './working-set.js';

const permissions = permissionsOf(['doctor']);
const now = Date.parse('2026-06-01T12:00:00Z');
const userId = '01900000-0000-7000-8000-0000000000aa';
const patientId = '01900000-0000-7000-8000-000000000001';
const idOf = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

const context = (deviceId = 'a', more: Partial<Context> = {}): Context => ({
  actor: { userId, permissions },
  deviceId,
  scope: ['hospital'],
  ownsMrn: () => true,
  now,
  refused: new Refused(),
  ...more,
});

let counted = 0;
const op = (given: Record<string, unknown>): RawOp => {
  counted += 1;
  return {
    seq: counted,
    op: idOf(1_000_000 + counted),
    entity: 'patients',
    id: patientId,
    kind: 'update',
    base: 1,
    sv: 1,
    at: '2026-06-01T11:00:00Z',
    ...given,
  };
};

function withPatient(fields: Record<string, unknown> = {}): WorkingSet {
  const set = new WorkingSet();
  const row = { id: patientId, patientId, version: 1, fields, fieldVersions: {}, deleted: false };
  set.load('patients', row);
  set.place(patientId, { wardId: null, deleted: false });
  return set;
}

const apply = (ops: readonly RawOp[], set: WorkingSet, as = context()): { decisions: Decision[]; set: WorkingSet } =>
  reduceOps(
    ops.map((raw) => checkOp(raw, permissions)),
    set,
    as,
  );
const statuses = (decisions: readonly Decision[]): string[] =>
  decisions.map(({ result }) => result.code ?? result.status);

const fields = ['familyName', 'givenName', 'phone', 'email', 'gender'] as const;
const values = {
  familyName: fc.constantFrom('Adams', 'Byron', 'Curie'),
  givenName: fc.constantFrom('Ada', 'Ben'),
  phone: fc.constantFrom('555 0001', '555 0002', null),
  email: fc.constantFrom('a@example.org', null),
  gender: fc.constantFrom('female', 'male', null),
};
const patch = fc
  .subarray([...fields], { minLength: 1 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, values[name]]))));

interface Promised {
  readonly by: string;
  readonly value: unknown;
}

/** Notes what a device was told is stored; somebody else's value of a field gives way to nobody who did not see it. */
function keepPromises(
  promised: Map<string, Promised>,
  { conflicts = [] }: SyncResult,
  { device, change, before }: { device: string; change: Fields; before: Fields },
): void {
  for (const [field, value] of Object.entries(change)) {
    const refused = conflicts.some((one) => one.field === field);
    const holder = promised.get(field);
    if (holder && holder.by !== device && !same(holder.value, value)) expect(refused).toBe(true);
    if (!refused && !same(before[field], value)) promised.set(field, { by: device, value });
  }
}

describe('edits of one patient from devices that do not know of each other', () => {
  it('never lose what one of them was told is stored, unless the other saw it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), patch), { maxLength: 12 }), (edits) => {
        let set = withPatient();
        const promised = new Map<string, Promised>();
        for (const [device, change] of edits) {
          const before = set.find('patients', patientId)?.fields ?? {};
          const done = apply([op({ patch: change })], set, context(device));
          ({ set } = done);
          const result = done.decisions[0]?.result;
          if (result?.status === 'applied' || result?.status === 'merged')
            keepPromises(promised, result, { device, change, before });
        }
        const after = set.find('patients', patientId)?.fields ?? {};
        for (const [field, { value }] of promised) expect(same(after[field], value)).toBe(true);
      }),
    );
  });

  it('take nothing of an edit that changes who the patient is, when somebody else changed that', () => {
    fc.assert(
      fc.property(patch, patch, (theirs, yours) => {
        const first = apply([op({ patch: theirs })], withPatient(), context('b'));
        const before = first.set.find('patients', patientId);
        const { decisions, set } = apply([op({ patch: yours })], first.set, context('a'));
        if (decisions[0]?.result.status === 'conflict') expect(set.find('patients', patientId)).toEqual(before);
      }),
    );
  });

  it('sent twice change nothing the second time', () => {
    fc.assert(
      fc.property(patch, (change) => {
        const first = apply([op({ patch: change })], withPatient());
        const second = apply([op({ patch: change })], first.set);
        expect(second.set.writes).toHaveLength(first.set.writes.length);
        expect(second.decisions[0]?.result.status).toBe('applied');
      }),
    );
  });
});

describe('an op', () => {
  const note = (more: Record<string, unknown> = {}): RawOp =>
    op({
      entity: 'notes',
      id: idOf(500 + counted),
      kind: 'create',
      base: null,
      patch: { patientId, kind: 'nursing', text: 'x' },
      ...more,
    });

  it('whatever it holds, is answered and stops no good op behind it', () => {
    const junk = fc.record(
      {
        entity: fc.oneof(fc.string(), fc.constantFrom('patients', 'notes', 'allergies', 'observations', 'conditions')),
        id: fc.oneof(fc.string(), fc.constant(patientId), fc.uuid()),
        kind: fc.oneof(fc.string(), fc.constantFrom('create', 'update', 'delete', 'command')),
        base: fc.oneof(fc.integer(), fc.constant(null), fc.string()),
        patch: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), patch),
        cmd: fc.jsonValue(),
        off: fc.oneof(fc.integer(), fc.double(), fc.string()),
        at: fc.oneof(fc.string(), fc.constant('2026-06-01T11:00:00Z')),
        deps: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 8 }), (all) => {
        const ops = [...all.map((one) => op({ ...one })), note()];
        const { decisions } = apply(ops, withPatient());
        expect(decisions).toHaveLength(ops.length);
        expect(decisions.at(-1)?.result.status).toBe('applied');
      }),
      { numRuns: 300 },
    );
  });

  it('of a device whose clock is wrong is stored at the time it means, never later than now, and marked', () => {
    const at = (recordedAt: string, off: number): unknown => {
      const { set } = apply(
        [note({ patch: { patientId, kind: 'nursing', text: 'x', recordedAt }, off })],
        withPatient(),
      );
      const [write] = set.writes;
      return [write?.columns['recorded_at'], write?.columns['clock_suspect']];
    };
    expect(at('2026-06-01T11:00:00Z', 0)).toEqual(['2026-06-01T11:00:00.000Z', false]);
    expect(at('2026-06-01T11:00:00Z', 60_000)).toEqual(['2026-06-01T11:01:00.000Z', false]);
    expect(at('2025-06-01T11:00:00Z', 365 * 86_400_000)).toEqual(['2026-06-01T11:00:00.000Z', true]);
    expect(at('2027-06-01T11:00:00Z', 0)).toEqual(['2026-06-01T12:00:00.000Z', true]);
  });

  it('of a group is undone with its group, and the ops behind see nothing of it', () => {
    const made = note({ group: 'g' });
    const addendum = { patientId, kind: 'nursing', text: 'y', parentId: made['id'], relation: 'revision' };
    const { decisions, set } = apply(
      [made, op({ group: 'g', patch: { familyName: '' } }), note({ patch: addendum })],
      withPatient(),
    );
    expect(statuses(decisions)).toEqual(['blocked', 'invalid', 'blocked']);
    expect(set.writes).toEqual([]);
  });

  it('on rows of a patient out of reach says nothing about them', () => {
    const { decisions } = apply(
      [op({ patch: { phone: '555 0001' } })],
      withPatient({ phone: '555 9999' }),
      context('a', { scope: ['ward:x'] }),
    );
    expect(statuses(decisions)).toEqual(['forbidden_scope']);
    expect(JSON.stringify(decisions[0]?.result)).not.toContain('9999');
  });
});

describe('a list of allergies', () => {
  const entry = { id: idOf(100), patientId, version: 1, fieldVersions: {}, deleted: false };
  const add = (id: number, substance: string, more = {}): RawOp =>
    op({
      entity: 'allergies',
      id: idOf(id),
      kind: 'create',
      base: null,
      patch: { patientId, substance, category: 'food', ...more },
    });

  it('holds each substance once, whatever the order in which devices add them', () => {
    const adds = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('Milk', 'milk', 'Egg', 'Nuts')), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(adds, (all) => {
        let set = withPatient();
        for (const [i, [device, substance]] of all.entries())
          ({ set } = apply([add(100 + i, substance)], set, context(device)));
        const names = set.ofPatient('allergies', patientId).map((row) => String(row.fields['substance']).toLowerCase());
        expect(names.sort()).toEqual([...new Set(all.map(([, substance]) => substance.toLowerCase()))].sort());
      }),
    );
  });

  it('has what was added, however additions and removals of who did not know of each other follow', () => {
    const listed = { ...entry, fields: { patientId, substance: 'Milk', clinicalStatus: 'active' } };
    const all = fc.shuffledSubarray(
      [
        ...['b', 'c'].map((device) => ({ device, does: 'add' as const })),
        ...['d', 'e'].map((device) => ({ device, does: 'remove' as const })),
      ],
      { minLength: 1 },
    );
    fc.assert(
      fc.property(all, fc.constantFrom('resolved', 'inactive'), (happenings, clinicalStatus) => {
        let set = withPatient();
        set.load('allergies', listed);
        for (const [i, { device, does }] of happenings.entries()) {
          const remove = op({ entity: 'allergies', id: idOf(100), base: 1, patch: { clinicalStatus } });
          ({ set } = apply([does === 'add' ? add(200 + i, 'Milk') : remove], set, context(device)));
        }
        const active = set.ofPatient('allergies', patientId).filter((row) => row.fields['clinicalStatus'] === 'active');
        expect(active).toHaveLength(happenings.some(({ does }) => does === 'add') ? 1 : 0);
      }),
    );
  });

  it('lets go of what was added once more for who knows of it, or did it', () => {
    const twice = apply([add(100, 'Milk'), add(101, 'milk')], withPatient(), context('b')).set;
    const removal = (base: number): RawOp =>
      op({ entity: 'allergies', id: idOf(100), base, patch: { clinicalStatus: 'resolved' } });
    expect(statuses(apply([removal(1)], twice, context('a')).decisions)).toEqual(['conflict']);
    expect(statuses(apply([removal(2)], twice, context('a')).decisions)).toEqual(['applied']);
    expect(statuses(apply([removal(1)], twice, context('b')).decisions)).toEqual(['applied']);
  });

  it('only grows, but for what is taken off it by who saw it as it is', () => {
    const change = (patchOf: object, base: number): RawOp =>
      op({ entity: 'allergies', id: idOf(100), kind: 'update', base, patch: patchOf });
    const worse = apply([add(100, 'Milk'), change({ severity: 'severe' }, 1)], withPatient(), context('b')).set;
    expect(statuses(apply([change({ clinicalStatus: 'resolved' }, 1)], worse).decisions)).toEqual(['conflict']);
    expect(statuses(apply([change({ clinicalStatus: 'resolved' }, 2)], worse).decisions)).toEqual(['applied']);
    const removal = op({ entity: 'allergies', id: idOf(100), kind: 'delete', base: 2 });
    expect(statuses(apply([removal], worse).decisions)).toEqual(['bad_transition']);
    const unexplained = change({ verificationStatus: 'refuted' }, 2);
    expect(statuses(apply([unexplained], worse).decisions)).toEqual(['invalid']);
  });
});
