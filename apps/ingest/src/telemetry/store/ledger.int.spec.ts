import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestHospital } from '../../testing/test-hospital.js';
import { selectLedger } from './ledger.js';

let hospital: TestHospital;

beforeAll(async () => {
  hospital = await TestHospital.create();
}, 60_000);
afterAll(() => hospital.drop());

it('batches that come again are looked up by the whole of their key', async () => {
  const gatewayId = '01900000-0000-7000-8000-0000000000aa';
  const day = new Date().toISOString().slice(0, 10);
  const identities = ['a', 'b'].map((key) => ({ day, key, stated: true, bodyHash: 1n }));
  const query = selectLedger(
    hospital.schema,
    identities.map((identity) => ({ gatewayId, identity })),
  );
  await hospital.rows('set enable_seqscan = off');
  const plan = (await hospital.rows(`explain ${query}`)).map((row) => String(row['QUERY PLAN']));
  await hospital.rows('reset enable_seqscan');
  const conditions = plan.filter((line) => line.includes('Index Cond'));
  expect(conditions).not.toEqual([]);
  for (const condition of conditions) expect(condition).toContain('batch_key = ');
});
