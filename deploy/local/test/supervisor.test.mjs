import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { until } from '../lib/probe.mjs';
import { Supervisor } from '../lib/supervisor.mjs';

const folder = mkdtempSync(join(tmpdir(), 'hms-'));
after(() => rmSync(folder, { recursive: true }));

/**
 * Kills a service whenever it is ready.
 * @param {number} healthyMs
 * @param {number} times
 * @param {() => Promise<boolean>} [ready] of each start after the first
 * @returns {Promise<number[]>} the pauses before it was started again, in milliseconds
 */
async function pausesOf(healthyMs, times, ready = () => Promise.resolve(true)) {
  /** @type {number[]} */
  const pauses = [];
  const tell = (/** @type {string} */ line) => {
    const [, pause] = /again in (\d+) ms/.exec(line) ?? [];
    if (pause !== undefined) pauses.push(Number(pause));
  };
  const supervisor = new Supervisor(folder, { tell, changed: () => {} }, { healthyMs });
  let starts = 0;
  await supervisor.start({
    name: 'sleeper',
    tier: 0,
    port: null,
    command: { file: '/bin/sleep', args: ['60'] },
    ready: () => (starts++ === 0 ? Promise.resolve(true) : ready()),
    readyMs: 50,
    stopSignals: ['SIGTERM'],
  });
  supervisor.kill('sleeper', 'SIGKILL');
  await until(
    async () => {
      if (pauses.length < times && supervisor.services[0]?.state === 'ready') supervisor.kill('sleeper', 'SIGKILL');
      return pauses.length >= times;
    },
    { ms: 20_000 },
  );
  await supervisor.stopAll();
  return pauses.slice(0, times);
}

test('a service that crashes again and again is started less and less often', async () => {
  assert.deepEqual(await pausesOf(60_000, 4), [200, 400, 800, 1600]);
});

test('a service that never works again is started less and less often', async () => {
  assert.deepEqual(await pausesOf(0, 4, () => Promise.resolve(false)), [200, 400, 800, 1600]);
});

test('a service that worked for a while is started again at once, however often it crashed', async () => {
  assert.deepEqual(await pausesOf(0, 4), [200, 200, 200, 200]);
});
