import { describe, expect, it } from '@jest/globals';
import { idOf, opOf, rowOf } from './testing/ops.js';
import { viewOf, viewsOf } from './view.js';

describe('what is shown (C6)', () => {
  it('is what the server said last, with pending changes on top in their order', () => {
    const base = rowOf(1, 3, { name: 'Amina' });
    expect(viewOf(base, [opOf(1), opOf(2)])).toEqual({ ...base, phone: '2', _pending: true });
    expect(viewOf(base, [])).toEqual({ ...base, _pending: false });
  });

  it('is the same when a change is done once more', () => {
    const base = rowOf(1, 3);
    const ops = [opOf(1), opOf(2, { patch: { name: 'x' } })];
    expect(viewOf(viewOf(base, ops), ops)).toEqual(viewOf(base, ops));
  });

  it('shows a new row, and what is done to it after', () => {
    const create = opOf(1, { kind: 'create', base: null, patch: { name: 'Amina', _v: 9, id: 'x' } });
    expect(viewOf(undefined, [create, opOf(2)])).toEqual({
      id: idOf(1),
      _v: 0,
      _sk: [],
      name: 'Amina',
      phone: '2',
      _pending: true,
    });
  });

  it('shows no deleted row, and no row that is only changed', () => {
    expect(viewOf(rowOf(1, 3), [opOf(1, { kind: 'delete', patch: null })])).toBeUndefined();
    expect(viewOf(undefined, [opOf(1)])).toBeUndefined();
  });

  it('does not guess what a command does', () => {
    const base = rowOf(1, 3);
    const sign = opOf(1, { kind: 'command', patch: null, cmd: { name: 'sign', args: {} } });
    expect(viewOf(base, [sign])).toEqual({ ...base, _pending: true });
  });

  it('puts each change on its own row', () => {
    const base = new Map([rowOf(1, 1), rowOf(2, 1)].map((row) => [row.id, row]));
    const views = viewsOf(base, [opOf(1), opOf(2, { id: idOf(3), kind: 'create' })]);
    expect([...views.values()].map(({ phone, _pending }) => [phone, _pending])).toEqual([
      ['1', true],
      ['0', false],
      ['2', true],
    ]);
  });
});
