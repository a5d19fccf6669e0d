import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../testing/eventually.js';
import { TestHospital, type TestGateway } from '../../testing/test-hospital.js';
import { TestIngest } from '../../testing/test-ingest.js';

let hospital: TestHospital;
let gateway: TestGateway;
let ingest: TestIngest;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  ingest = await TestIngest.start();
});
afterAll(async () => {
  await ingest.stop();
  await hospital.drop();
});

interface Health {
  readonly accepted: number;
  readonly rejected: number;
  readonly last_reject_code: string | null;
  readonly clock_offset_ms: number | null;
  readonly seen: boolean | null;
}

const healthOf = async (no: number): Promise<Health | undefined> => {
  const [row] = await hospital.rows<Health>(
    `select accepted, rejected, last_reject_code, clock_offset_ms, last_seen_at > now() - interval '20 seconds' as seen
       from {schema}.device_health where device_no = $1`,
    [no],
  );
  return row;
};

describe('the health of devices', () => {
  it('counts what each sent and why it was refused, and says when it was heard of and how its clock goes', async () => {
    const [good, bad] = await hospital.addDevices(gateway, 2);
    const now = Date.now();
    const rows = [
      [good?.name, now, 72],
      [good?.name, now + 1, 72],
      [good?.name, now, 999],
      [bad?.name, now, 999],
      ['nobody', now, 72],
    ];
    const sent = { sent_at: now - 5_000, cols: ['d', 't', 'hr'], rows };
    const { status, body } = await ingest.post(gateway.key, sent);
    expect({ status, body }).toMatchObject({ status: 200, body: { accepted: 2, rejectedTotal: 3 } });
    expect(JSON.stringify(body)).not.toContain('"device"');
    const health = await eventually(() => healthOf(good?.no ?? 0));
    expect(health).toMatchObject({ accepted: 2, rejected: 1, last_reject_code: 'out_of_range', seen: true });
    expect(Math.abs((health.clock_offset_ms ?? 0) - 5_000)).toBeLessThan(2_000);
    expect(await eventually(() => healthOf(bad?.no ?? 0))).toMatchObject({ accepted: 0, rejected: 1, seen: null });
  });

  it('is written when the service ends', async () => {
    const other = await TestIngest.start();
    const [device] = await hospital.addDevices(gateway, 1);
    await eventually(async () => {
      const sent = { cols: ['d', 't', 'hr'], rows: [[device?.name, Date.now(), 72]] };
      return (await other.post(gateway.key, sent)).status === 200 || undefined;
    });
    await other.stop();
    expect(await healthOf(device?.no ?? 0)).toMatchObject({ accepted: 1 });
  });

  it('tells nothing of devices of others', async () => {
    const stranger = await hospital.addGateway();
    const [device] = await hospital.addDevices(gateway, 1);
    const [own] = await hospital.addDevices(stranger, 1);
    const rows = [
      [device?.name, Date.now(), 72],
      [own?.name, Date.now(), 72],
    ];
    expect((await ingest.post(stranger.key, { cols: ['d', 't', 'hr'], rows })).status).toBe(200);
    expect(await eventually(() => healthOf(own?.no ?? 0))).toMatchObject({ accepted: 1, rejected: 0 });
    expect(await healthOf(device?.no ?? 0)).toBeUndefined();
  });
});
