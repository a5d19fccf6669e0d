import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { migrateShared } from '../migrate/migrate-all.js';
import { withOwner } from '../migrate/owner-connection.js';
import { PATIENCE, withScratchDatabase } from '../testing/scratch.js';

interface Relay {
  readonly feed_id: string;
  readonly epoch: number;
  readonly pos: string;
  readonly floor_pos: string;
  readonly timeline: string;
}

/** A database where nobody else relays, whose relay has seen the server it is on. */
const withFeed = (work: (owner: pg.Client) => Promise<void>): Promise<void> =>
  withScratchDatabase((url) =>
    withOwner(url, async (owner) => {
      await migrateShared(owner);
      await advance(owner);
      await work(owner);
    }),
  );

const advance = async (owner: pg.Client): Promise<number> => {
  const { rows } = await owner.query<{ moved: number }>('select moved from sync.advance()');
  return rows[0]?.moved ?? NaN;
};

const relayOf = async (owner: pg.Client): Promise<Relay> => {
  const { rows } = await owner.query<Relay>('select feed_id, epoch, pos, floor_pos, timeline from sync.relay');
  return rows[0] as Relay;
};

const change = (owner: pg.Client, count = 1): Promise<unknown> =>
  owner.query(
    `insert into sync.change_log (hospital_id, entity, row_id, version, op)
     select $1, 1, gen_random_uuid(), 1, 'U' from generate_series(1, $2::int)`,
    [randomUUID(), count],
  );

describe('the epoch of the feed', () => {
  it(
    'is another one on another timeline: what may be lost is from the last ten seconds before',
    () =>
      withFeed(async (owner) => {
        const { feed_id: feed, timeline } = await relayOf(owner);
        await change(owner, 3);
        await advance(owner);
        await owner.query(`update sync.feed set at = at - interval '1 minute'`);
        await change(owner, 2);
        await advance(owner);
        expect(await advance(owner)).toBe(0);
        expect(await relayOf(owner)).toMatchObject({ epoch: 1, pos: '5', timeline });

        await owner.query(`update sync.relay set timeline = split_part(timeline, '/', 1) || '/00000000'`);
        await change(owner);
        expect(await advance(owner)).toBe(1);
        const after = await relayOf(owner);
        expect(after).toMatchObject({ epoch: 2, pos: '6', timeline });
        // Of two recoveries from one backup each begins an epoch of this number.
        expect(after.feed_id).not.toBe(feed);
        const { rows } = await owner.query('select epoch, feed_before, last_before, start_pos from sync.epoch');
        expect(rows).toEqual([{ epoch: 2, feed_before: feed, last_before: '3', start_pos: '5' }]);
      }),
    PATIENCE,
  );

  it.each([
    ['in another database of the cluster, such as a restored dump', `split_part(timeline, '.', 1) || '.1/00000001'`],
    ['where the database is found to have gone back', 'timeline'],
  ])(
    'begins anew with another feed %s',
    (_, timeline) =>
      withFeed(async (owner) => {
        await change(owner, 3);
        await advance(owner);
        const before = await relayOf(owner);
        await owner.query(`update sync.relay set timeline = ${timeline}`);
        await advance(owner);
        if (timeline === 'timeline') await owner.query('select sync.renew_feed($1)', [before.feed_id]);
        const after = await relayOf(owner);
        expect(after).toMatchObject({ epoch: 1, pos: '3', floor_pos: '3', timeline: before.timeline });
        expect(after.feed_id).not.toBe(before.feed_id);
        // Whoever finds it too comes late.
        await owner.query('select sync.renew_feed($1)', [before.feed_id]);
        expect(await relayOf(owner)).toEqual(after);
        await change(owner);
        expect(await advance(owner)).toBe(1);
      }),
    PATIENCE,
  );

  it(
    'and the feed are others in another cluster, where transactions are counted anew',
    () =>
      withFeed(async (owner) => {
        await change(owner, 3);
        await advance(owner);
        const before = await relayOf(owner);
        // As a dump brings it: all was seen up to a transaction that is far away here, and one of the log is farther.
        await owner.query(`update sync.relay set timeline = '1/00000001', prev = '4000000000:4000000000:'`);
        await owner.query(
          `insert into sync.change_log (xid, hospital_id, entity, row_id, version, op)
           values ('4000000001', gen_random_uuid(), 1, gen_random_uuid(), 1, 'U')`,
        );
        await change(owner);
        await owner.query('begin');
        const blind = await owner.query<{ moved: number }>('select moved from sync.relay_step()');
        expect(blind.rows[0]?.moved).toBe(0);
        await owner.query('rollback');

        await advance(owner);
        const after = await relayOf(owner);
        expect(after.feed_id).not.toBe(before.feed_id);
        expect(after).toMatchObject({ epoch: 1, pos: '3', floor_pos: '3' });
        await change(owner);
        expect(await advance(owner)).toBe(1);
        const { rowCount } = await owner.query(`select from sync.change_log where xid = '4000000001'`);
        expect(rowCount).toBe(0);
      }),
    PATIENCE,
  );
});
