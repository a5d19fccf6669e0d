import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { syncLimits, syncProtocol, type SyncResponse, syncSchema } from '@hms/contracts';
import { useSyncWards } from '../testing/sync-wards.js';
import type { TestPhone } from '../testing/test-sync.js';

const on = useSyncWards();

const send = (one: TestPhone, body: object): Promise<Response> =>
  fetch(`${on.ingest.url}/sync`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${one.user.token}`,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    },
    body: gzipSync(JSON.stringify({ v: syncProtocol, device: one.id, schema: syncSchema, ...body })),
  });

it('a compressed request may hold more than one that is not, and no more than is said', async () => {
  const one = await on.phone();
  const patientId = await on.patient();
  const text = 'Slept well. '.repeat(1_500);
  const ops = Array.from({ length: 150 }, () =>
    one.op({ entity: 'notes', patch: { patientId, kind: 'nursing', text } }),
  );
  expect(JSON.stringify(ops).length).toBeGreaterThan(2 * syncLimits.bodyBytes);
  const answer = await send(one, { ops });
  expect(answer.status).toBe(200);
  const { results } = (await answer.json()) as SyncResponse;
  expect(results.every(({ status }) => status === 'applied')).toBe(true);
  const tooMuch = await send(one, { app: ' '.repeat(syncLimits.inflatedBytes) });
  expect(tooMuch.status).toBe(413);
});
