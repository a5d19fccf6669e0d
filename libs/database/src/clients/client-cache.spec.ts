import { ClientCache } from './client-cache.js';

class FakeClient {
  connected = true;
  constructor(readonly key: string) {}
  $disconnect(): Promise<void> {
    this.connected = false;
    return Promise.resolve();
  }
}

function cacheOf(capacity: number): { cache: ClientCache<FakeClient>; opened: FakeClient[] } {
  const opened: FakeClient[] = [];
  const open = (key: string): FakeClient => {
    const client = new FakeClient(key);
    opened.push(client);
    return client;
  };
  return { cache: new ClientCache(capacity, open, (err) => expect(err).toBeUndefined()), opened };
}

const touch = (cache: ClientCache<FakeClient>, key: string): Promise<string> =>
  cache.use(key, (client) => Promise.resolve(client.key));

/** Uses a client until the returned function is called. */
function hold(cache: ClientCache<FakeClient>, key: string): () => Promise<void> {
  let letGo: () => void = () => undefined;
  const held = cache.use(key, () => new Promise<void>((resolve) => (letGo = resolve)));
  return () => {
    letGo();
    return held;
  };
}

describe('the client cache', () => {
  it('opens one client for all uses of a key', async () => {
    const { cache, opened } = cacheOf(2);
    await Promise.all([touch(cache, 'a'), touch(cache, 'a'), touch(cache, 'a')]);
    expect(opened).toHaveLength(1);
  });

  it('disconnects the least recently used client first', async () => {
    const { cache, opened } = cacheOf(2);
    for (const key of ['a', 'b', 'a', 'c']) await touch(cache, key);
    expect(opened.filter((client) => client.connected).map((client) => client.key)).toEqual(['a', 'c']);
    expect(cache.size).toBe(2);
  });

  it('never drops a client in use, and drops it as soon as it is not', async () => {
    const { cache, opened } = cacheOf(1);
    const release = hold(cache, 'a');
    await touch(cache, 'b');
    expect(opened.map((client) => client.connected)).toEqual([true, false]);
    const releaseOther = hold(cache, 'c');
    expect(cache.size).toBe(2);
    await release();
    expect(opened.map((client) => client.connected)).toEqual([false, false, true]);
    await releaseOther();
    expect(cache.size).toBe(1);
  });

  it('keeps counting when the work fails', async () => {
    const { cache, opened } = cacheOf(1);
    await expect(cache.use('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await touch(cache, 'b');
    expect(opened[0]?.connected).toBe(false);
  });

  it('disconnects all when closed', async () => {
    const { cache, opened } = cacheOf(3);
    await Promise.all(['a', 'b', 'c'].map((key) => touch(cache, key)));
    await cache.close();
    expect(opened.some((client) => client.connected)).toBe(false);
    expect(cache.size).toBe(0);
  });
});
