import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SyncChanges } from '@hms/contracts';
import type { Client } from '../client.js';
import { idOf, rowOf } from '../testing/ops.js';
import { ScriptedServer } from '../testing/scripted.js';
import { httpAnswer, quiet, testStart } from '../testing/test-environment.js';

const day = 86_400_000;

let server: ScriptedServer;
let client: Client;

const changes = (put: SyncChanges['put']): { patients: SyncChanges } => ({ patients: { put, del: [], out: [] } });
const problem = (status: number, code: string, members: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  httpAnswer(status, { code, ...members }, headers);

beforeEach(async () => {
  server = new ScriptedServer();
  client = server.client();
  server.says({ changes: changes([rowOf(1, 5)]) });
  await client.sync();
});

describe('syncing', () => {
  it('goes on until nothing waits, nothing is left to pull and the purge is acknowledged (C3)', async () => {
    await client.create('notes', { text: 'a' });
    server.says(
      { complete: false, cursors: { notes: '1' } },
      { purge: { ver: 'sc', keep: ['all'] }, complete: false },
      { cursors: { notes: '2' } },
    );
    await client.sync();
    expect(server.synced.slice(1).map(({ ops, ack }) => [ops.length, ack.purge])).toEqual([
      [1, undefined],
      [0, undefined],
      [0, 'sc'],
    ]);
    expect(await client.status()).toMatchObject({ phase: 'idle', waiting: 0, problem: null });
  });

  it('is done once at a time, and once more for what came meanwhile (C4)', async () => {
    let release = (): void => undefined;
    const { answer } = server.environment;
    server.environment.answer = async (...request) => {
      await new Promise<void>((resolve) => (release = resolve));
      return answer(...request);
    };
    const syncs = [client.sync(), client.sync()];
    await quiet();
    expect(server.requests).toHaveLength(2);
    release();
    await quiet();
    release();
    await Promise.all(syncs);
    expect(server.synced).toHaveLength(3);
  });

  it.each([500, 502, 400, 404, 422])('keeps everything on HTTP %i, and tries again later (C2)', async (status) => {
    await client.create('notes', { text: 'a' });
    server.says(httpAnswer(status, '<html>'));
    expect(await client.sync()).toMatchObject({ phase: 'waiting', problem: `http.${status}`, waiting: 1 });
    expect(await client.sync()).toMatchObject({ phase: 'idle', waiting: 0 });
  });

  it.each([
    ['a login page', httpAnswer(200, '<html>sign in to the wireless network</html>')],
    ['half an answer', httpAnswer(200, '{"v":1,"results":[')],
    ['another protocol', httpAnswer(200, { v: 2 })],
  ])('takes %s for no answer', async (_, answer) => {
    await client.create('notes', { text: 'a' });
    server.says(answer);
    expect(await client.sync()).toMatchObject({ phase: 'waiting', problem: 'network', waiting: 1 });
  });

  it('asks for another token once, then says that nobody is signed in', async () => {
    const asked: boolean[] = [];
    server.token = (again) => (asked.push(again), Promise.resolve(again ? 'fresh' : 'stale'));
    await client.create('notes', { text: 'a' });
    server.says(problem(401, 'auth.unauthenticated'));
    expect(await client.sync()).toMatchObject({ phase: 'idle' });
    expect(server.requests.slice(-2).map(({ token }) => token)).toEqual(['Bearer stale', 'Bearer fresh']);
    server.says(problem(401, 'auth.unauthenticated'), problem(401, 'auth.unauthenticated'));
    expect(await client.sync()).toMatchObject({ phase: 'signed-out' });
    server.token = () => Promise.resolve(null);
    expect(await client.sync()).toMatchObject({ phase: 'signed-out' });
    expect(asked).toEqual([false, true, false, true]);
  });

  it('sends half as much when it was too much, down to one change', async () => {
    for (const text of ['a', 'b', 'c', 'd']) await client.create('notes', { text });
    server.says(...Array.from({ length: 3 }, () => problem(413, 'body.too-large')));
    expect(await client.sync()).toMatchObject({ problem: 'body.too-large', waiting: 4 });
    expect(await client.sync()).toMatchObject({ problem: null, waiting: 0 });
    expect(server.synced.slice(1).map(({ ops }) => ops.length)).toEqual([4, 2, 1, 1, 2, 1]);
  });

  it('registers again when the server does not know the device', async () => {
    server.says(problem(403, 'sync.unknown-device'));
    expect(await client.sync()).toMatchObject({ phase: 'idle' });
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/sync/register',
      '/sync',
      '/sync',
      '/sync/register',
      '/sync',
    ]);
    expect(new Set(server.requests.map(({ body }) => body.device)).size).toBe(1);
  });

  it('waits when the device is registered for somebody else: what waits is not theirs to send', async () => {
    await client.create('notes', { text: 'a' });
    server.says(problem(403, 'sync.unknown-device'), problem(403, 'sync.unknown-device'));
    expect(await client.sync()).toMatchObject({ phase: 'waiting', problem: 'sync.unknown-device', waiting: 1 });
    expect(server.requests.slice(2).map(({ path }) => path)).toEqual(['/sync', '/sync/register']);
  });

  it('asks for numbers for patients when few are left, and syncs without them too', async () => {
    client = server.client({ recordNumbers: 4 });
    await client.sync();
    expect(await client.takeRecordNumber()).toBe('R0');
    await client.sync();
    const asks = (): unknown[] =>
      server.requests
        .filter(({ path }) => path === '/sync/register')
        .map(({ body }) => (body as { mrns?: number }).mrns);
    expect(asks()).toEqual([0, 4]);
    await client.takeRecordNumber();
    await client.takeRecordNumber();
    server.says(problem(503, 'service.busy'));
    expect(await client.sync()).toMatchObject({ phase: 'idle' });
    expect(asks()).toEqual([0, 4, 3]);
  });

  it('says how often a first change was answered by nothing', async () => {
    await client.create('notes', { text: 'a' });
    server.says('lost', problem(429, 'rate.limited'), httpAnswer(500, ''), {}, {});
    for (let tries = 0; tries < 4; tries++) await client.sync();
    await client.create('notes', { text: 'b' });
    await client.sync();
    const pushes = server.synced.slice(1).filter(({ ops }) => ops.length > 0);
    expect(pushes.map(({ attempt }) => attempt)).toEqual([1, 2, 2, 3, 1]);
  });

  it('fetches first and sends half as much when the front of the queue was twice answered by nothing', async () => {
    for (const text of ['a', 'b', 'c', 'd']) await client.create('notes', { text });
    const page = { complete: false, cursors: { notes: '1' } };
    server.says('lost', httpAnswer(500, ''), page, { cursors: { notes: '2' } }, 'lost', 'lost', {});
    for (let tries = 0; tries < 5; tries++) await client.sync();
    const sent = server.synced.slice(1).map(({ ops }) => ops.length);
    expect(sent).toEqual([4, 4, 0, 0, 2, 0, 1, 2, 1]);
    expect(await client.status()).toMatchObject({ phase: 'idle', waiting: 0 });
  });

  it('never divides a group, wherever in the queue it begins', async () => {
    for (let count = 0; count < 150; count++) await client.create('notes', { text: 'a' });
    const created = { kind: 'create', entity: 'notes', fields: {} } as const;
    await client.together(Array.from({ length: 100 }, (_, count) => ({ ...created, id: idOf(5_000 + count) })));
    await client.sync();
    expect(server.synced.slice(1).map(({ ops }) => ops.length)).toEqual([150, 100]);
  });

  it('waits when an answer brings nothing, instead of asking without end', async () => {
    await client.create('notes', { text: 'a' });
    server.says({ results: [], unprocessed_from: 1, device: { last_seq: 0 } });
    expect(await client.sync()).toMatchObject({ phase: 'waiting', problem: 'no-progress', waiting: 1 });
    server.says(...Array.from({ length: 10 }, () => problem(409, 'sync.gap', { expected: 1 })));
    expect(await client.sync()).toMatchObject({ phase: 'waiting', problem: 'no-progress' });
  });

  it('says that the application is too old, and still sends changes', async () => {
    await client.create('notes', { text: 'a' });
    server.says({
      hints: { next_ms: 1, max_ops: 200, lease_until: new Date(testStart + day).toISOString(), upgrade: { min: 2 } },
    });
    expect(await client.sync()).toMatchObject({ upgrade: 2, waiting: 0 });
  });

  it('estimates how far the clock is off, and says when it is wrong', async () => {
    server.says({ server_time: new Date(testStart + 11 * 60_000).toISOString() });
    expect(await client.sync()).toMatchObject({ clockSuspect: true });
    await client.create('notes', { text: 'a' });
    await client.sync();
    expect(server.synced.at(-1)?.ops).toMatchObject([{ off: 11 * 60_000, at: '2026-01-05T10:00:00.000Z' }]);
  });

  it('tells what went wrong with the storage, and goes on', async () => {
    const errors: unknown[] = [];
    client = server.client({ onError: (error) => errors.push(error) });
    const disk = jest.spyOn(server.storage.rows, 'commit').mockRejectedValueOnce(new Error('disk full'));
    expect(await client.sync()).toMatchObject({ phase: 'waiting', problem: 'storage' });
    expect(errors).toMatchObject([{ message: 'disk full' }]);
    disk.mockRestore();
    expect(await client.sync()).toMatchObject({ phase: 'idle' });
  });
});

describe('a revoked device', () => {
  it('shows nothing and sends nothing any more, and keeps what waits', async () => {
    await client.create('notes', { text: 'a' });
    server.says(problem(403, 'sync.device-revoked'));
    expect(await client.sync()).toMatchObject({ phase: 'revoked', locked: true, waiting: 1 });
    const asked = server.requests.length;
    await client.sync();
    expect(server.requests).toHaveLength(asked);
    await expect(server.client().rows('patients')).rejects.toMatchObject({ code: 'locked' });
  });

  it('is empty when it is to be wiped, and says so', async () => {
    await client.create('notes', { text: 'a' });
    server.says(problem(403, 'sync.device-revoked', { wipe: true }));
    expect(await client.sync()).toMatchObject({ phase: 'wiped', locked: true, waiting: 0 });
    expect([(await server.storage.rows.list('')).value, (await server.storage.queue.list('')).value]).toEqual([[], []]);
  });
});

describe('by itself (C3)', () => {
  it('it syncs when it starts, when the server wants it to, and when a change is made', async () => {
    client.start();
    await quiet();
    expect([server.synced.length, server.environment.timers[0]]).toEqual([2, 60_000]);
    await server.environment.pass(60_000);
    expect(server.synced).toHaveLength(3);
    await client.create('notes', { text: 'a' });
    await quiet();
    expect(server.synced.at(-1)?.ops).toHaveLength(1);
    await client.stop();
    await server.environment.pass(day);
    expect(server.synced).toHaveLength(4);
  });

  it('it tries again after every failure, each time later, up to five minutes', async () => {
    server.environment.chance = 1;
    server.says(...Array.from({ length: 12 }, () => 'lost' as const));
    client.start();
    const waits: number[] = [];
    for (let tries = 0; tries < 12; tries++) {
      await quiet();
      waits.push(server.environment.timers[0] ?? 0);
      await server.environment.pass(waits.at(-1) ?? 0);
    }
    expect(waits.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(waits.slice(-2)).toEqual([300_000, 300_000]);
    expect(await client.status()).toMatchObject({ phase: 'idle', problem: null });
    await client.stop();
  });

  it('it tries at once when a change is made or the network is back, but not before the server asked for', async () => {
    server.says('lost', problem(429, 'rate.limited', {}, { 'retry-after': '30' }));
    client.start();
    await quiet();
    client.poke();
    await quiet();
    expect(server.synced).toHaveLength(3);
    expect(await client.status()).toMatchObject({
      problem: 'rate.limited',
      nextTryAt: server.environment.time + 37_500,
    });
    client.poke();
    await client.create('notes', { text: 'a' });
    await quiet();
    expect(server.synced).toHaveLength(3);
    await server.environment.pass(37_500);
    expect(server.synced).toHaveLength(4);
    await client.stop();
  });

  it('it gives up a request that is not answered within a minute', async () => {
    server.environment.answer = (_, { signal }) =>
      new Promise((_answer, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    client.start();
    await quiet();
    await server.environment.pass(60_000);
    expect(await client.status()).toMatchObject({ phase: 'waiting', problem: 'network' });
    await client.stop();
  });

  it('it gives up what is on its way when it is stopped', async () => {
    server.environment.answer = (_, { signal }) =>
      new Promise((_answer, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    client.start();
    await quiet();
    await client.stop();
    expect(await client.status()).toMatchObject({ phase: 'stopped' });
  });
});
