import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { HospitalDatabase, schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { until } from '../../testing/until.js';
import { HospitalDirectory } from '../tenancy/hospital-directory.repository.js';
import { FeedEviction } from './feed-eviction.service.js';
import { FeedFollowerRepository } from './feed-follower.repository.js';
import { CacheProcess } from './testing/cache-process.js';

const follower = `test-${uuidv7()}`;
let api: TestApi;
let hospital: Hospital;
let patientId: string;
let cache: CacheProcess;
let eviction: FeedEviction;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  patientId = await new TestWards(hospital).patient('Muster');
  cache = await new CacheProcess().ready();
  const database = api.application.nest.get(HospitalDatabase);
  eviction = new FeedEviction(new FeedFollowerRepository(database), new HospitalDirectory(database), cache.cache);
  await caughtUp();
});

afterAll(async () => {
  cache.close();
  await asOwner((owner) => owner.query('delete from sync.follower where name = $1', [follower]));
  await api.close();
  await dropTestHospital(hospital);
});

async function caughtUp(): Promise<void> {
  while (await eviction.step(follower));
}
const sql = <Row extends object>(text: string, values: unknown[]) =>
  asOwner((owner) => owner.query<Row>(text.replaceAll('{schema}', schemaOf(hospital.slug)), values)).then(
    ({ rows }) => rows,
  );
const cachedName = () =>
  cache.cache.hospital({ hospital }).read(`patient:${patientId}`, { tags: [`patient:${patientId}`] }, async () => {
    const name = 'select family_name from {schema}.patient where id = $1';
    const [row] = await sql<{ family_name: string }>(name, [patientId]);
    return row?.family_name;
  });
const feedTold = (version: number) =>
  until(async () => {
    const told = 'select from sync.feed where row_id = $1 and version = $2';
    return (await sql(told, [patientId, version])).length === 1;
  });

it('what SQL by hand changed is found once the feed was followed, and not before', async () => {
  expect(await cachedName()).toBe('Muster');
  await sql('update {schema}.patient set family_name = $2, version = version + 1 where id = $1', [patientId, 'Meier']);
  await feedTold(2);
  expect(await cachedName()).toBe('Muster');
  await caughtUp();
  expect(await cachedName()).toBe('Meier');
});

it('whoever lost the place in the feed forgets everything', async () => {
  expect(await cachedName()).toBe('Meier');
  await sql('update {schema}.patient set family_name = $2, version = version + 1 where id = $1', [patientId, 'Moser']);
  await feedTold(3);
  await sql('update sync.follower set epoch = epoch - 1, pos = (select pos from sync.relay) where name = $1', [
    follower,
  ]);
  await caughtUp();
  expect(await cachedName()).toBe('Moser');
});

it('what Redis could not be told is told later: the place is kept', async () => {
  const database = api.application.nest.get(HospitalDatabase);
  const deaf = new CacheProcess('redis://127.0.0.1:1/0');
  const [feed, hospitals] = [new FeedFollowerRepository(database), new HospitalDirectory(database)];
  await sql('update {schema}.patient set version = version + 1 where id = $1', [patientId]);
  await feedTold(4);
  const before = await feed.standing(follower);
  expect(await new FeedEviction(feed, hospitals, deaf.cache).step(follower)).toBe(false);
  expect((await feed.standing(follower)).pos).toBe(before.pos);
  deaf.close();
  await caughtUp();
  const { pos, head } = await feed.standing(follower);
  expect(pos === undefined || pos <= head).toBe(true);
  expect(pos).not.toBe(before.pos);
});
