import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startGuests } from '../peers/ways.mjs';
import { Comparison } from '../support/comparison.mjs';

/** @import { Measured, Table, Way } from '../peers/ways.mjs' */

const folder = mkdtempSync(join(tmpdir(), 'hms-bench-'));
after(() => rmSync(folder, { recursive: true }));
process.env['HMS_STATE_FILE'] = join(folder, 'state.json');
process.env['HMS_DATA'] = folder;
process.env['HMS_SERVERS'] = folder;
writeFileSync(join(folder, 'state.json'), '{"services":[]}');

const load = { senders: [], warmUpSeconds: 0, seconds: 0 };
/** @type {Measured} */
const measured = { accepted: 10, acceptedPerSecond: 5, acceptedInAll: 12, faults: [] };
/** @type {(way: Partial<Way>) => Way} */
const wayOf = (way) => ({ name: 'it', ackedAfter: 'commit', run: () => Promise.resolve(measured), ...way });
const failing = () => Promise.reject(new Error('it ended with code 1\nand much more'));

test('a guest that fails is left out with one line, and the others go on', async () => {
  let stopped = false;
  const guest = wayOf({ name: 'Guest 1.0', meaning: 'less', run: failing, stop: () => (stopped = true) });
  const comparison = new Comparison(
    new Map([
      ['guest', guest],
      ['direct', wayOf({})],
    ]),
    load,
  );
  for (const way of ['guest', 'direct', 'guest']) await comparison.run(way);
  assert.deepEqual([...comparison.ways.keys()], ['direct']);
  assert.deepEqual(comparison.remarks, ['Guest 1.0 is left out: it ended with code 1']);
  assert.deepEqual([comparison.faults, comparison.rates], [[], { direct: [5] }]);
  assert.ok(stopped);
});

test('what is ours must not fail', async () => {
  await assert.rejects(new Comparison(new Map([['direct', wayOf({ run: failing })]]), load).run('direct'), /code 1/);
});

test('what a guest loses is remarked, what ours lose is a fault', async () => {
  const run = () => Promise.resolve({ ...measured, faults: ['12 readings acked, 11 found'] });
  const ways = new Map([
    ['direct', wayOf({ name: 'ours', run })],
    ['guest', wayOf({ name: 'guest', meaning: 'less', run })],
  ]);
  const comparison = new Comparison(ways, load);
  for (const way of ways.keys()) await comparison.run(way);
  assert.deepEqual(comparison.faults, ['ours: 12 readings acked, 11 found']);
  assert.deepEqual(comparison.remarks, ['guest: 12 readings acked, 11 found']);
});

test('a way that no generator loads gets as many rows as the first one took', async () => {
  /** @type {number[]} */
  const asked = [];
  const raw = wayOf({ run: (_load, rows) => (asked.push(rows), Promise.resolve({ ...measured, accepted: 99 })) });
  const comparison = new Comparison(
    new Map([
      ['direct', wayOf({})],
      ['raw', raw],
    ]),
    load,
  );
  for (const way of ['direct', 'raw', 'raw', 'direct']) await comparison.run(way);
  assert.deepEqual(asked, [10, 10]);
});

test('what is not here, or does not build, is named with the reason', async () => {
  const go = { file: '/bin/false', version: '1.19', origin: 'system', env: {} };
  const missing = { missing: 'There is no such package.' };
  process.env['HMS_BENCH_PEERS'] = JSON.stringify({ go, influxd: missing, 'victoria-metrics': missing });
  const { ways, absent } = await startGuests(/** @type {Table} */ ({}));
  assert.equal(ways.size, 0);
  assert.match(
    absent.join('\n'),
    /^Go with pgx is left out: Command failed: .*\nInfluxDB is left out: There is no such package\.\nVictoriaMetrics is left out: .*$/,
  );
});
