import { describe, expect, it } from '@jest/globals';
import type { ReadyOp } from '../entities/entity.js';
import type { Row } from '../entities/row.js';
import type { Decision } from './decision.js';
import { thingsOf } from './push-effects.js';

const patients = ['01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002'];

function decision(id: string, patientId: string, more: Partial<Decision> = {}): Decision {
  const op = { id, entity: 'notes', kind: 'create', patch: { patientId } } as unknown as ReadyOp;
  const row = { id, patientId, version: 1 } as unknown as Row;
  const result = { seq: 1, op: id, status: 'applied' } as const;
  return { raw: { seq: 1, op: id }, op, entity: 'notes', row, wrote: true, result, ...more };
}

const refused = (code: 'forbidden_scope' | 'invalid') => ({
  ...{ wrote: false, row: undefined },
  result: { seq: 1, op: 'x', status: 'rejected', code } as const,
});

describe('the audit of a push', () => {
  it('names once what was done, with every row and every patient it was done to', () => {
    const [one = '', other = ''] = patients;
    expect(thingsOf([decision('a', one), decision('b', one), decision('c', other)])).toEqual([
      {
        ...{ action: 'create', entity: 'note', outcome: 'success', reason: null },
        ...{ entityIds: ['a', 'b', 'c'], patientIds: [one, other] },
      },
    ]);
  });

  it('keeps what was refused for whose it is apart, and nothing of what was merely wrong or changed nothing', () => {
    const [one = ''] = patients;
    const things = thingsOf([
      decision('a', one),
      decision('b', one, refused('forbidden_scope')),
      decision('c', one, refused('invalid')),
      decision('d', one, { wrote: false }),
    ]);
    expect(things.map(({ outcome, entityIds, reason }) => [outcome, entityIds, reason])).toEqual([
      ['success', ['a'], null],
      ['denied', ['b'], 'forbidden_scope'],
    ]);
  });
});
