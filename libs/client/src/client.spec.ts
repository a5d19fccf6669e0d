import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SyncChanges } from '@hms/contracts';
import type { Client } from './client.js';
import { idOf, rowOf } from './testing/ops.js';
import { ScriptedServer } from './testing/scripted.js';
import { quiet, testStart } from './testing/test-environment.js';

const day = 86_400_000;

let server: ScriptedServer;
let client: Client;

const changes = (put: SyncChanges['put']): { patients: SyncChanges } => ({ patients: { put, del: [], out: [] } });
const phones = async (): Promise<unknown[]> => (await client.rows('patients')).map(({ phone }) => phone);
beforeEach(async () => {
  server = new ScriptedServer();
  client = server.client();
  server.says({ changes: changes([rowOf(1, 5)]) });
  await client.sync();
});

describe('a change', () => {
  it('shows at once and waits, without a network (C1)', async () => {
    const { id } = await client.create('patients', { phone: '7' });
    await client.update('patients', idOf(1), { phone: '8' });
    expect(await client.get('patients', id)).toMatchObject({ phone: '7', _v: 0, _pending: true });
    expect(await phones()).toEqual(['8', '7']);
    expect(await client.status()).toMatchObject({ waiting: 2 });
  });

  it('survives the application: another one sends it', async () => {
    await client.update('patients', idOf(1), { phone: '8' });
    await server.client().sync();
    expect(server.synced.at(-1)?.ops).toMatchObject([{ seq: 1, base: 5, patch: { phone: '8' }, was: { phone: '0' } }]);
  });

  it('that changes nothing is not stored', async () => {
    expect(await client.update('patients', idOf(1), { phone: '0' })).toEqual({ id: idOf(1), op: undefined });
    expect(await client.status()).toMatchObject({ waiting: 0 });
  });

  it('of several rows goes as one group, and sees those before it', async () => {
    const id = await client.newId();
    await client.together([
      { kind: 'create', entity: 'patients', id, fields: { phone: '1' } },
      { kind: 'create', entity: 'notes', id: idOf(30), fields: { patientId: id } },
      { kind: 'update', entity: 'patients', id, fields: { phone: '2' } },
    ]);
    await client.sync();
    const ops = server.synced.at(-1)?.ops ?? [];
    expect(new Set(ops.map((op) => op['group'])).size).toBe(1);
    expect(ops).toMatchObject([{ base: null }, { deps: [ops[0]?.op] }, { base: 0, was: { phone: '1' } }]);
    expect(ops[0]?.['group']).toEqual(expect.any(String));
  });

  it('of too much at once is refused whole', async () => {
    const fields = { text: 'x'.repeat(60_000) };
    const many = Array.from({ length: 12 }, (_, index) => ({
      kind: 'create' as const,
      entity: 'notes' as const,
      id: idOf(50 + index),
      fields,
    }));
    await expect(client.together(many)).rejects.toMatchObject({ code: 'too-large' });
    expect(await client.status()).toMatchObject({ waiting: 0 });
  });

  it('is taken only while connected where the browser may evict what is stored (C9)', async () => {
    server.environment.durable = false;
    client = server.client();
    expect(await client.status()).toMatchObject({ durable: false });
    await expect(client.create('patients', {})).rejects.toMatchObject({ code: 'not-durable' });
    await client.sync();
    await client.create('patients', {});
    server.says('lost');
    await client.sync();
    await expect(client.create('patients', {})).rejects.toMatchObject({ code: 'not-durable' });
  });
});

describe('what is shown', () => {
  it('is told to observers after every change of the entity, and of no other', async () => {
    const seen: unknown[][] = [];
    const stop = client.observe('patients', (rows) => seen.push(rows.map(({ phone }) => phone)));
    await quiet();
    await client.create('notes', {});
    await quiet();
    const before = seen.length;
    await client.update('patients', idOf(1), { phone: '8' });
    await quiet();
    stop();
    await client.update('patients', idOf(1), { phone: '9' });
    await quiet();
    expect([seen[0], seen.at(-1), seen.length - before]).toEqual([['0'], ['8'], 1]);
  });

  it('never goes back while a change leaves the queue (C6)', async () => {
    await client.update('patients', idOf(1), { phone: '8' });
    const seen: unknown[] = [];
    client.observe('patients', ([row]) => seen.push(row?.['phone']));
    await quiet();
    const [op] = await server.client().attention();
    expect(op).toBeUndefined();
    const sent = await client.get('patients', idOf(1));
    expect(sent?._pending).toBe(true);
    server.says({ results: [{ seq: 1, op: await firstOp(), status: 'applied', row: rowOf(1, 6, { phone: '8' }) }] });
    await client.sync();
    await quiet();
    expect(new Set(seen)).toEqual(new Set(['8']));
    expect(await client.get('patients', idOf(1))).toMatchObject({ phone: '8', _v: 6, _pending: false });
  });

  it('is nothing after the lease has ended, and all of it after the next sync; what waits is kept', async () => {
    await client.update('patients', idOf(1), { phone: '8' });
    const seen: number[] = [];
    client.observe('patients', (rows) => seen.push(rows.length));
    server.says('lost');
    client.start();
    await quiet();
    server.environment.answer = () => Promise.reject(new TypeError('no network'));
    for (let days = 0; days < 14; days++) await server.environment.pass(day);
    expect(await client.status()).toMatchObject({ locked: true, waiting: 1 });
    expect(seen.at(-1)).toBe(0);
    await expect(client.rows('patients')).rejects.toMatchObject({ code: 'locked' });
    await expect(client.update('patients', idOf(1), {})).rejects.toMatchObject({ code: 'locked' });
    await client.stop();
  });

  it('does not last longer because the clock of the device is set back', async () => {
    server.says({ server_time: new Date(testStart + 20 * day).toISOString() });
    await client.sync();
    expect(await client.status()).toMatchObject({ locked: true });
  });
});

const firstOp = async (): Promise<string> => {
  const { value } = await server.storage.queue.list('op/', 1);
  return (value[0]?.[1] as { op: { op: string } }).op.op;
};

describe('signing out (C8)', () => {
  it('deletes the rows and keeps what waits', async () => {
    await client.update('patients', idOf(1), { phone: '8' });
    await client.signOut();
    expect(await client.status()).toMatchObject({ waiting: 1, phase: 'stopped', syncedAt: null });
    expect(await client.rows('patients')).toEqual([]);
  });
});

describe('a refused change', () => {
  const refused = async (): Promise<string> => {
    await client.update('patients', idOf(1), { phone: '8' });
    const op = await firstOp();
    server.says({ results: [{ seq: 1, op, status: 'conflict', row: rowOf(1, 9, { phone: '3' }) }] });
    await client.sync();
    return op;
  };

  it('shows what the server has, and waits for a person', async () => {
    const op = await refused();
    expect(await phones()).toEqual(['3']);
    expect(await client.attention()).toMatchObject([
      { op: { op, patch: { phone: '8' } }, result: { status: 'conflict' } },
    ]);
    expect(await client.status()).toMatchObject({ waiting: 0, attention: 1 });
  });

  it('is sent again as another change on the row as it stands', async () => {
    const op = await refused();
    const again = await client.reissue(op);
    expect(again.op).not.toBe(op);
    expect(await phones()).toEqual(['8']);
    await client.sync();
    expect(server.synced.at(-1)?.ops).toMatchObject([{ seq: 2, op: again.op, base: 9, was: { phone: '3' } }]);
    expect(await client.attention()).toEqual([]);
  });

  it('is given up', async () => {
    await client.discard(await refused());
    expect(await client.status()).toMatchObject({ waiting: 0, attention: 0 });
    await expect(client.discard(idOf(99))).rejects.toMatchObject({ code: 'not-found' });
  });
});
