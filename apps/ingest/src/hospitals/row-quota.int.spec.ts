import { expect, it } from '@jest/globals';
import { useBedside } from '../testing/bedside.js';
import { eventually } from '../testing/eventually.js';
import { type TestIngest } from '../testing/test-ingest.js';

const bed = useBedside();

const limit = (rowsPerSecond: number | null): Promise<unknown> =>
  bed.hospital.owner.query('update public.hospital set telemetry_rows_per_second = $2 where id = $1', [
    bed.hospital.hospital.id,
    rowsPerSecond,
  ]);

function send(rows: number): ReturnType<TestIngest['post']> {
  const first = Date.now() - 60_000;
  return bed.ingest.post(bed.gateway.key, {
    readings: Array.from({ length: rows }, (_, i) => ({ d: bed.device.name, t: first + i, hr: 70 })),
  });
}

it('a hospital beyond its quota is refused and told when to come again, until the limit is lifted', async () => {
  await limit(1);
  const refused = await eventually(async () => {
    const answer = await send(2_000);
    return answer.status === 429 ? answer : undefined;
  });
  expect(refused.body).toMatchObject({ code: 'telemetry.over-quota' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1_000);
  await limit(null);
  await eventually(async () => ((await send(1)).status === 200 ? true : undefined));
});
