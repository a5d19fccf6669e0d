import { expect, it } from '@jest/globals';
import { permissionsOf } from '@hms/contracts';
import { hospitalWith } from '../../testing/telemetry-fakes.js';
import type { CompatClient } from './compat-client.js';
import { RxdbNews } from './rxdb-news.js';

const hospital = hospitalWith(1);
const actor = { hospital, permissions: permissionsOf(['nurse']) };
const client = { actor, deviceId: 'd' } as unknown as CompatClient;
const scope = { keys: ['ward:a'], ver: 'v', keysBefore: [], verBefore: null, purged: true };

/** Whether it is told to pull, and what the feed was asked. */
async function waited(since: number | null, news: boolean) {
  const asked: unknown[] = [];
  const feed = {
    head: { feedId: 'f', epoch: 1, pos: 12, floor: 0, epochs: [] },
    news: (...question: unknown[]) => {
      asked.push(question);
      return Promise.resolve(news);
    },
  };
  const contacts = { stand: () => Promise.resolve({ results: [], lastSeq: 0, scope }) };
  return { answer: await new RxdbNews({ contacts, feed }).wait(client, since), asked };
}

it('who does not say since when is told at once to pull', async () => {
  expect(await waited(null, false)).toEqual({ answer: { since: 12, news: true }, asked: [] });
});

it('who does is told whether there was news for them, and from where to go on', async () => {
  const { answer, asked } = await waited(10, true);
  expect(answer).toEqual({ since: 12, news: true });
  expect(asked).toEqual([
    [{ hospitalId: hospital.id, keys: ['ward:a'], entities: new Set([1, 2, 3, 4, 6, 7, 5]) }, 10, 25_000],
  ]);
  expect((await waited(10, false)).answer).toEqual({ since: 12, news: false });
});
