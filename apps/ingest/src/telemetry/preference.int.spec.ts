import { describe, expect, it } from '@jest/globals';
import { useBedside } from '../testing/bedside.js';

const bed = useBedside();

function send(prefer: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${bed.gateway.key}`, prefer };
  return fetch(`${bed.ingest.url}/telemetry`, { method: 'POST', headers, body: JSON.stringify(body) });
}

const reading = (hr: number, ago = 0): object => ({ d: bed.device.name, t: Date.now() - 1_000 - ago, hr });

describe('who prefers no answer', () => {
  it('is told 204 when all was accepted, the second time too', async () => {
    const batch = { batch: 'short', readings: [reading(70)] };
    for (const replay of [null, 'true']) {
      const { status, headers, body } = await send('respond-async, return=minimal', batch);
      const told = ['preference-applied', 'idempotent-replay'].map((name) => headers.get(name));
      expect([status, body, told]).toEqual([204, null, ['return=minimal', replay]]);
    }
    expect(await bed.hospital.count('vitals', 'device_no = $1', [bed.device.no])).toBe(1);
  });

  it('is told what was refused, and everybody else what was accepted', async () => {
    const refused = await send('return=minimal', { readings: [reading(70), reading(999)] });
    expect([refused.status, await refused.json()]).toMatchObject([200, { accepted: 1, rejectedTotal: 1 }]);
    const other = await send('return=representation', { readings: [reading(71, 1_000)] });
    expect([other.status, await other.json()]).toMatchObject([200, { accepted: 1 }]);
  });
});
