import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SyncChanges, SyncResponse } from '@hms/contracts';
import { MemoryStorage } from '../storage/memory.js';
import { idOf, responseOf, rowOf } from '../testing/ops.js';
import { RowStore } from './row-store.js';

let rows: RowStore;

const none: SyncChanges = { put: [], del: [], out: [] };
const put = (...changed: SyncChanges['put']): Pick<SyncResponse, 'changes'> => ({
  changes: { patients: { ...none, put: changed } },
});
const apply = async (more: Partial<SyncResponse>): Promise<boolean> =>
  rows.apply(responseOf({ cursors: { patients: 'c' }, ...more }), (await rows.state()).round, () => 'patients');
const versions = async (entity = 'patients'): Promise<[string, number][]> =>
  [...(await rows.all(entity)).values()].map(({ id, _v }) => [id.slice(-1), _v]);

beforeEach(async () => {
  rows = new RowStore(new MemoryStorage());
  await apply(put(rowOf(1, 5), rowOf(2, 5)));
});

describe('an answer', () => {
  it('is taken in with its cursor, purge and lease at once, or not at all (C7)', async () => {
    const { round } = await rows.state();
    const response = responseOf({ ...put(rowOf(3, 1)), cursors: { patients: 'd' }, complete: false });
    expect(await rows.apply(response, round, () => undefined)).toBe(true);
    expect(await rows.state()).toMatchObject({
      cursors: { patients: 'd' },
      complete: false,
      leaseUntil: response.hints.lease_until,
    });
    expect(await versions()).toEqual([
      ['1', 5],
      ['2', 5],
      ['3', 1],
    ]);
  });

  it('is not taken in after another one was: that may know better', async () => {
    const { round } = await rows.state();
    await apply({ changes: { patients: { ...none, del: [idOf(1)] } }, cursors: { patients: 'new' } });
    expect(
      await rows.apply(responseOf({ ...put(rowOf(1, 6)), cursors: { patients: 'old' } }), round, () => undefined),
    ).toBe(false);
    expect([await versions(), (await rows.state()).cursors]).toEqual([[['2', 5]], { patients: 'new' }]);
  });

  it('deletes what was deleted and what left the scope', async () => {
    await apply({ changes: { patients: { ...none, del: [idOf(1)], out: [idOf(2), idOf(9)] } } });
    expect(await versions()).toEqual([]);
  });

  it('keeps cursors it does not name', async () => {
    await apply({ cursors: { notes: 'n' } });
    expect((await rows.state()).cursors).toEqual({ patients: 'c', notes: 'n' });
  });
});

describe('versions (C6)', () => {
  it('never go back within an epoch', async () => {
    await apply(put(rowOf(1, 4), rowOf(2, 6)));
    expect(await versions()).toEqual([
      ['1', 5],
      ['2', 6],
    ]);
  });

  it('may go back in another epoch, or with another feed', async () => {
    await apply({ ...put(rowOf(1, 4)), epoch: 2 });
    await apply({ ...put(rowOf(2, 4)), epoch: 2 });
    expect(await versions()).toEqual([
      ['1', 4],
      ['2', 4],
    ]);
    await apply({ ...put(rowOf(1, 3)), epoch: 2, feed: idOf(77) });
    expect(await versions()).toEqual([
      ['1', 3],
      ['2', 4],
    ]);
  });

  it('that are the same bring new scope keys', async () => {
    await apply(put({ ...rowOf(1, 5), _sk: ['ward:b'] }));
    expect((await rows.get('patients', idOf(1)))?._sk).toEqual(['ward:b']);
  });

  it('are taken from the result of an op too, the later of the two', async () => {
    const results = [{ seq: 1, op: idOf(8), status: 'applied' as const, row: rowOf(1, 7) }];
    await apply({ results, ...put(rowOf(1, 6)) });
    expect(await versions()).toContainEqual(['1', 7]);
  });
});

describe('a purge', () => {
  const purge = { ver: 'sc_1', keep: ['ward:b', 'all'] };

  it('deletes rows of all entities with none of the keys, those of the same answer too, and is acknowledged once', async () => {
    await apply({ changes: { notes: { ...none, put: [rowOf(7, 1), { ...rowOf(8, 1), _sk: ['x', 'all'] }] } } });
    await apply({ ...put({ ...rowOf(3, 1), _sk: ['ward:b'] }, rowOf(4, 1), { ...rowOf(5, 1), _sk: [] }), purge });
    expect([await versions(), await versions('notes')]).toEqual([[['3', 1]], [['8', 1]]]);
    expect((await rows.state()).purged).toBe('sc_1');
    await apply({});
    expect((await rows.state()).purged).toBeNull();
  });
});

describe('a snapshot', () => {
  const reset = [{ entity: 'patients', why: 'expired' as const, how: 'snapshot' as const }];

  it('leaves the rows of before until it is complete: a phone that goes offline meanwhile is not empty', async () => {
    await apply({ reset, ...put(rowOf(2, 5)), complete: false });
    expect(await versions()).toEqual([
      ['1', 5],
      ['2', 5],
    ]);
    await apply({ ...put(rowOf(3, 1)), snapshot_done: ['patients'] });
    expect(await versions()).toEqual([
      ['2', 5],
      ['3', 1],
    ]);
  });

  it('counts a row as sent though the device has a newer version', async () => {
    await apply({ reset, ...put(rowOf(1, 4)), snapshot_done: ['patients'] });
    expect(await versions()).toEqual([['1', 5]]);
  });

  it('begins anew with another reset', async () => {
    await apply({ reset, ...put(rowOf(1, 5)) });
    await apply({ reset, ...put(rowOf(2, 5)), snapshot_done: ['patients'] });
    expect(await versions()).toEqual([['2', 5]]);
  });

  it('of one entity leaves others alone', async () => {
    await apply({ changes: { notes: { ...none, put: [rowOf(7, 1)] } } });
    await apply({ reset, snapshot_done: ['patients'] });
    expect([await versions(), await versions('notes')]).toEqual([[], [['7', 1]]]);
  });

  it('of nothing takes an entity away that may not be read any more; its cursor is forgotten', async () => {
    await apply({ reset, snapshot_done: ['patients'], cursors: {} });
    expect([await versions(), (await rows.state()).cursors]).toEqual([[], {}]);
  });

  it('begins with the first cursor too', async () => {
    await rows.forget();
    await apply({ ...put(rowOf(1, 1)), snapshot_done: ['patients'] });
    expect(await versions()).toEqual([['1', 1]]);
  });
});
