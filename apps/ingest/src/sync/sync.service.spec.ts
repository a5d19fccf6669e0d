import { describe, expect, it } from '@jest/globals';
import { AppError, permissionsOf, syncRequest, type SyncResponse } from '@hms/contracts';
import type { SyncActor } from './access/sync-actor.js';
import type { Pulled } from './pull/page.js';
import type { PushAnswer } from './push/push-request.js';
import { type SyncParts, SyncService } from './sync.service.js';

const device = '01900000-0000-7000-8000-000000000001';
const op = '01900000-0000-7000-8000-000000000002';
const actor: SyncActor = {
  ...{ userId: device, sessionId: device, roles: ['nurse'], permissions: permissionsOf(['nurse']), wardIds: undefined },
  hospital: {} as unknown as SyncActor['hospital'],
};
const source = { requestId: 'r', address: '::1', operation: 'POST /sync' };
const scope = { keys: ['hospital'], ver: 'v', keysBefore: [], verBefore: null, purged: true };
const pushed: PushAnswer = {
  results: [{ result: { seq: 1, op, status: 'applied' }, target: undefined }],
  lastSeq: 1,
  scope,
};
const nothing: Pulled = {
  ...{ changes: new Map(), reset: [], snapshotDone: [], cursors: { notes: 'c' }, complete: true },
  ...{ historyFrom: {}, isOfOtherScope: false, upTo: 1, patientIds: [] },
};

/** A service of which only what a test is about works. */
function serving(more: Partial<SyncParts>): { service: SyncService; warnings: unknown[]; pushes: unknown[] } {
  const [warnings, pushes]: [unknown[], unknown[]] = [[], []];
  const no = (): never => {
    throw new Error('not expected');
  };
  const parts: SyncParts = {
    pushes: { push: (push) => (pushes.push(push), Promise.resolve(pushed)) },
    puller: { pull: () => Promise.resolve(nothing) },
    sessions: { find: no },
    quiet: { find: () => Promise.resolve({ ...pushed, results: [] }) },
    registrar: { register: no },
    feed: { head: { feedId: device, epoch: 1, pos: 1, floor: 0, epochs: [] }, news: no },
    audit: { append: () => Promise.resolve() },
    logger: { warn: (...what: unknown[]) => void warnings.push(what) } as SyncParts['logger'],
    metrics: { synced: () => undefined },
    now: () => 0,
    ...more,
  };
  return { service: new SyncService(parts), warnings, pushes };
}

const ops = [{ seq: 1, op, entity: 'notes' }];
const sync = async (service: SyncService, more: object): Promise<SyncResponse> => {
  const request = syncRequest.parse({ v: 1, device, schema: 1, pull: { cursors: { notes: null } }, ...more });
  return JSON.parse(await service.sync(actor, request, source)) as SyncResponse;
};

describe('what became of ops', () => {
  const away = { pull: () => Promise.reject(new Error('away')) };

  it('is answered though what is new cannot be read, and the device asks again', async () => {
    const { service, warnings } = serving({ puller: away });
    const answer = await sync(service, { ops });
    expect(answer).toMatchObject({ results: [{ seq: 1, status: 'applied' }], cursors: {}, complete: false });
    expect(warnings).toHaveLength(1);
    await expect(sync(service, {})).rejects.toThrow('away');
  });

  it('is not made before it can be told', async () => {
    const { service, pushes } = serving({ feed: { head: undefined, news: () => Promise.resolve(false) } });
    await expect(sync(service, { ops })).rejects.toThrow(AppError);
    expect(pushes).toEqual([]);
  });
});

it('who has to purge is not kept waiting for news', async () => {
  const pull = { cursors: { notes: null }, wait_ms: 20_000 };
  const owing = { ...scope, purged: false };
  const quiet = { find: () => Promise.resolve({ ...pushed, results: [], scope: owing }) };
  expect(await sync(serving({ quiet }).service, { pull })).toMatchObject({ purge: { ver: 'v' } });
  const twin = { pull: () => Promise.resolve({ ...nothing, isOfOtherScope: true }) };
  expect(await sync(serving({ puller: twin }).service, { pull })).toMatchObject({ purge: { ver: 'v' } });
});
