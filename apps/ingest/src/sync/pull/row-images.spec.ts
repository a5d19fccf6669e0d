import { describe, expect, it } from '@jest/globals';
import type { Lane } from '../../database/lane.js';
import { hospitalWith } from '../../testing/telemetry-fakes.js';
import { entities } from '../entities/registry.js';
import { FeedRing } from '../relay/feed-ring.js';
import { type RowImage, RowImages } from './row-images.js';

const hospital = hospitalWith(1);
const projection = { id: 'p', fields: entities.notes.fields };

/** Rows whose text says how often anything was read, and a feed that stands where the test says. */
function images() {
  const ring = new FeedRing();
  ring.restart(10);
  const feed = { head: { feedId: 'f', epoch: 1, pos: 10, floor: 0, epochs: [] }, ring };
  const asked: string[][] = [];
  let ids: string[] = [];
  const sql = { unsafe: (_: string, [json]: string[]) => (ids = JSON.parse(json ?? '[]') as string[]) };
  const lane = {
    query: (ask: (given: unknown) => unknown) => {
      ask(sql);
      asked.push(ids);
      return Promise.resolve(
        ids.map((id): RowImage => ({ id, patient_id: 'x', keys: ['ward:1'], row: `${id} ${asked.length}` })),
      );
    },
  } as unknown as Pick<Lane, 'query'>;
  const rows = new RowImages(lane, feed);
  const change = (rowId: string): void => {
    feed.head = { ...feed.head, pos: feed.head.pos + 1 };
    ring.add([{ pos: feed.head.pos, hospitalId: hospital.id, entity: 5, rowId, keys: [] }]);
  };
  const find = async (...wanted: string[]): Promise<(string | null)[]> =>
    (await rows.find({ hospital, name: 'notes', projection, ids: wanted })).map(({ row }) => row);
  const failOver = (pos: number): void => {
    feed.head = { ...feed.head, epoch: feed.head.epoch + 1, pos };
    ring.restart(pos);
  };
  return { find, change, asked, ring, failOver };
}

describe('a row', () => {
  it('is read once for all who are to be shown it', async () => {
    const { find, asked } = images();
    expect(await Promise.all([find('a', 'b'), find('b')])).toEqual([['a 1', 'b 1'], ['b 1']]);
    expect(await find('a', 'c')).toEqual(['a 1', 'c 2']);
    expect(asked).toEqual([['a', 'b'], ['c']]);
  });

  it('is read again once the feed tells of a change of it, and of no other', async () => {
    const { find, change } = images();
    await find('a', 'b');
    change('a');
    expect(await find('a', 'b')).toEqual(['a 2', 'b 1']);
    expect(await find('a')).toEqual(['a 2']);
  });

  it('is read again when it is not known what changed since', async () => {
    const { find, ring } = images();
    await find('a');
    ring.restart(11);
    expect(await find('a')).toEqual(['a 2']);
  });

  it('is read again after a failover to a server that has come less far', async () => {
    const { find, change, failOver } = images();
    change('a');
    await find('a');
    failOver(10);
    expect(await find('a')).toEqual(['a 2']);
  });
});
