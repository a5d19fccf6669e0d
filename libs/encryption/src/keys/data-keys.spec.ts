import { KeyProviderError } from '../encryption.errors.js';
import type { DataKeyStore, NewDataKey, StoredDataKey } from './data-key.js';
import { DataKeys, newDataKey } from './data-keys.js';
import type { KeyProvider } from './key-provider.js';

const place = { table: 't', column: 'c_sealed', rowId: '1' };
const minute = 60_000;

/** Wraps by spelling out; goes out of reach on command. */
class FakeProvider implements KeyProvider {
  away: 'no' | 'away' | 'lost' = 'no';
  unwraps = 0;

  newestKek = () => Promise.resolve('kek');
  rotate = () => Promise.resolve('kek');
  rewrap = (key: { kekId: string; wrapped: string }) => Promise.resolve(key);

  wrap(dataKey: Buffer): Promise<{ kekId: string; wrapped: string }> {
    return this.#reach(() => ({ kekId: 'kek', wrapped: dataKey.toString('hex') }));
  }

  unwrap({ wrapped }: { wrapped: string }): Promise<Buffer> {
    this.unwraps += 1;
    return this.#reach(() => Buffer.from(wrapped, 'hex'));
  }

  #reach<T>(work: () => T): Promise<T> {
    if (this.away === 'no') return Promise.resolve(work());
    return Promise.reject(new KeyProviderError('out of reach', { permanent: this.away === 'lost' }));
  }
}

/** Decides like the table's unique constraint. */
class FakeStore implements DataKeyStore {
  readonly rows: (StoredDataKey & { seals: boolean })[] = [];
  lists = 0;

  list(hospitalId: string | null): Promise<StoredDataKey[]> {
    this.lists += 1;
    const own = this.rows.filter((row) => row.hospitalId === hospitalId);
    return Promise.resolve(own.sort((a, b) => b.generation - a.generation));
  }

  add(key: NewDataKey, seals = true): Promise<void> {
    const same = (row: NewDataKey) =>
      row.hospitalId === key.hospitalId && row.purpose === key.purpose && row.generation === key.generation;
    if (!this.rows.some(same)) this.rows.push({ ...key, seals });
    return Promise.resolve();
  }
}

function setUp() {
  const [store, provider, clock] = [new FakeStore(), new FakeProvider(), { now: 0 }];
  const told: KeyProviderError[] = [];
  const start = () => new DataKeys(store, provider, { now: () => clock.now, onProviderError: (err) => told.push(err) });
  return { store, provider, clock, told, start, keys: start() };
}

const unavailable = expect.objectContaining({ code: 'service.unavailable' }) as Error;

describe('data keys', () => {
  it('are made at first use, once, however many processes want them', async () => {
    const { store, start } = setUp();
    const ciphers = await Promise.all(Array.from({ length: 10 }, () => start().cipherFor('a')));
    expect(store.rows.map(({ purpose }) => purpose).sort()).toEqual(['field', 'index']);
    const sealed = ciphers[0]!.seal(place, 'secret');
    expect(ciphers.map((cipher) => cipher.open(place, sealed))).toEqual(ciphers.map(() => 'secret'));
  });

  it('are different for each hospital and for the platform', async () => {
    const { keys } = setUp();
    const ciphers = await Promise.all(['a', 'b', null].map((hospital) => keys.cipherFor(hospital)));
    const indexes = ciphers.map((cipher) => cipher.blindIndex(place, '1').toString('hex'));
    expect(new Set(indexes).size).toBe(3);
  });

  it('are unwrapped once for any number of requests', async () => {
    const { keys, provider, store, clock } = setUp();
    for (clock.now = 0; clock.now < 9 * minute; clock.now += 1_000) await keys.cipherFor('a');
    expect(provider.unwraps).toBe(2);
    expect(store.lists).toBeLessThan(25);
  });

  it('that are new are known after 30 s, and seal when their time has come', async () => {
    const { keys, provider, store, clock } = setUp();
    const old = (await keys.cipherFor('a')).seal(place, 'old');
    await store.add(await newDataKey(provider, { hospitalId: 'a', purpose: 'field', generation: 2 }), false);
    clock.now += 30_000;
    const known = await keys.cipherFor('a');
    expect(known.seal(place, 'x').split('.')[1]).toBe(old.split('.')[1]);
    const added = store.rows.find(({ generation }) => generation === 2)!;
    Object.assign(added, { seals: true });
    clock.now += 30_000;
    const fresh = (await keys.cipherFor('a')).seal(place, 'new');
    expect(fresh.split('.')[1]).toBe(added.kid);
    // Whoever has not looked since opens it all the same.
    expect(known.open(place, fresh)).toBe('new');
  });

  it('serve through an outage of 15 minutes, and not longer', async () => {
    const { keys, provider, clock, told } = setUp();
    const sealed = (await keys.cipherFor('a')).seal(place, 'secret');
    provider.away = 'away';
    clock.now = 15 * minute - 1;
    expect((await keys.cipherFor('a')).open(place, sealed)).toBe('secret');
    expect(told.length).toBeGreaterThan(0);
    clock.now = 15 * minute + 30_000;
    const cipher = await keys.cipherFor('a');
    expect(() => cipher.open(place, sealed)).toThrow(unavailable);
    provider.away = 'no';
    clock.now += 2_000;
    expect((await keys.cipherFor('a')).open(place, sealed)).toBe('secret');
  });

  it('are asked for at most every 2 s while out of reach', async () => {
    const { keys, provider, clock } = setUp();
    await keys.cipherFor('a');
    provider.away = 'away';
    clock.now = 16 * minute;
    provider.unwraps = 0;
    for (let i = 0; i < 100; i += 1) {
      await keys.cipherFor('a');
      clock.now += 20;
    }
    expect(provider.unwraps).toBeLessThanOrEqual(4);
  });

  it('that are lost stop the start, an outage does not', async () => {
    const { provider, start } = setUp();
    provider.away = 'away';
    await expect(start().assertUsable()).resolves.toBeUndefined();
    provider.away = 'lost';
    await expect(start().assertUsable()).rejects.toThrow(KeyProviderError);
  });

  it('cannot be had without the database', async () => {
    const { store, keys } = setUp();
    store.list = () => Promise.reject(new Error('database away'));
    await expect(keys.cipherFor('a')).rejects.toThrow('database away');
  });
});
