import { describe, expect, it } from '@jest/globals';
import type { Logger } from '@hms/service-kit';
import type { Lane } from '../../database/lane.js';
import { FeedWatch } from './feed-watch.js';

const who = { hospitalId: 'h', keys: ['ward:a'], entities: new Set([5]) };

/** A feed that holds what the test puts there. */
class Database {
  readonly entries: { pos: number; hospital_id: string; entity: number; row_id: string; keys: string[] }[] = [];
  head = { feed_id: 'f', epoch: 1, pos: '10', floor_pos: '0', epochs: null };
  fails = false;
  readonly renewed: string[] = [];
  status: { lag_seconds: number | null; oldest_writer_seconds: number | null } = {
    lag_seconds: null,
    oldest_writer_seconds: null,
  };

  readonly lane = {
    query: (ask: (sql: unknown) => unknown) => Promise.resolve(ask(this.#answer)),
  } as unknown as Pick<Lane, 'query'>;

  readonly #answer = (text: readonly string[], ...values: readonly (number | string)[]): unknown => {
    const statement = text.join('?');
    if (statement.includes('sync.advance')) return [{ more: false }];
    if (statement.includes('sync.relay_status')) return [this.status];
    if (statement.includes('sync.renew_feed')) return (this.renewed.push(String(values[0])), []);
    if (statement.includes('from sync.relay')) return [this.head];
    if (!statement.includes('from sync.feed')) return [];
    if (this.fails) return Promise.reject(new Error('away'));
    const [after = 0, upTo = 0] = values.map(Number);
    return this.entries.filter(({ pos }) => pos > after && pos <= upTo);
  };

  change(keys: string[], entity = 5, hospital = 'h'): void {
    const pos = Number(this.head.pos) + 1;
    this.head = { ...this.head, pos: String(pos) };
    this.entries.push({ pos, hospital_id: hospital, entity, row_id: 'r', keys });
  }
}

async function watching(now = () => 0) {
  const database = new Database();
  const watch = new FeedWatch(database.lane, {} as unknown as Logger, now);
  await watch.step();
  return { database, watch };
}

describe('who waits for news', () => {
  it('hears of what they may hold and read, and of nothing else', async () => {
    const { database, watch } = await watching();
    let heard = false;
    const news = watch.news(who, 10, 60_000).then((is) => (heard = is));
    database.change(['ward:b']);
    database.change(['ward:a'], 4);
    database.change(['ward:a'], 5, 'g');
    await watch.step();
    expect(heard).toBe(false);
    database.change(['ward:a']);
    await watch.step();
    expect(await news).toBe(true);
  });

  it('hears at once of what came since they looked', async () => {
    const { database, watch } = await watching();
    database.change(['ward:a']);
    await watch.step();
    expect(await watch.news(who, 10, 60_000)).toBe(true);
    expect(await watch.news(who, 3, 60_000)).toBe(true);
  });

  it('is let go when the time is over, or the service stops', async () => {
    const { watch } = await watching();
    expect(await watch.news(who, 10, 1)).toBe(false);
    const news = watch.news(who, 10, 60_000);
    await watch.stop();
    expect(await news).toBe(false);
  });
});

describe('what changed', () => {
  it('is remembered once, when it was read half before', async () => {
    const { database, watch } = await watching();
    database.change(['ward:a']);
    database.fails = true;
    await expect(watch.step()).rejects.toThrow('away');
    database.fails = false;
    await watch.step();
    const wanted = { hospitalId: 'h', since: 10, upTo: 20, entities: [5], keys: ['ward:a'], limit: 9 };
    expect(watch.ring.changed(wanted)?.entries).toBe(1);
  });

  it('is not told as if nothing was missing when the feed is another one, or much came at once', async () => {
    const { database, watch } = await watching();
    database.head = { ...database.head, epoch: 2, pos: '11' };
    await watch.step();
    expect(watch.ring.from).toBe(11);
    database.head = { ...database.head, pos: '100000' };
    await watch.step();
    expect(watch.ring.from).toBe(100_000);
  });

  it('is of another feed when the database went back, and only then', async () => {
    const { database, watch } = await watching();
    database.head = { ...database.head, pos: '12' };
    await watch.step();
    database.head = { ...database.head, epoch: 2, pos: '11' };
    await watch.step();
    expect(database.renewed).toEqual([]);
    database.head = { ...database.head, pos: '10' };
    await watch.step();
    expect(database.renewed).toEqual(['f']);
  });
});

describe('how far the feed is behind', () => {
  it('is measured every few seconds, and grows while nothing is heard of it', async () => {
    let now = 0;
    const { database, watch } = await watching(() => now);
    expect(watch.status).toEqual({ lag: 0, oldestWriter: 0 });
    database.status = { lag_seconds: 3, oldest_writer_seconds: 70 };
    now = 4_000;
    await watch.step();
    expect(watch.status).toEqual({ lag: 0, oldestWriter: 0 });
    now = 5_000;
    await watch.step();
    expect(watch.status).toEqual({ lag: 3, oldestWriter: 70 });
    now = 25_000;
    expect(watch.status.lag).toBe(20);
  });
});
