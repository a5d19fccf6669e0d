import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { query } from '../lib/probe.mjs';
import { control, data, eventually, launch, launchAsync, launchUntil, service, state, variables } from './launched.mjs';
import { descendants, living, processes } from './processes.mjs';

before(() => {
  launch(['stop']);
  launch(['reset', '--yes']);
  const started = launch(['servers', '--detach']);
  assert.equal(started.code, 0, started.output);
});

after(() => {
  launch(['stop']);
});

test('secrets are readable by their owner only', () => {
  for (const name of ['secrets.json', 'auth-keys.json', 'env', 'state.json']) {
    assert.equal(statSync(join(data, name)).mode & 0o777, 0o600, name);
  }
});

test('the pooler reaches the primary and the replica', async () => {
  const { DATABASE_URL = '', DATABASE_REPLICA_URL = '' } = variables();
  const standby = 'select pg_is_in_recovery() as standby, current_user as role';
  assert.deepEqual((await query(DATABASE_URL, standby)).rows, [{ standby: false, role: 'hms_api' }]);
  assert.deepEqual((await query(DATABASE_REPLICA_URL, standby)).rows, [{ standby: true, role: 'hms_api' }]);
});

test('what is committed reaches the replica', async () => {
  const { DATABASE_DIRECT_URL = '', DATABASE_REPLICA_DIRECT_URL = '' } = variables();
  await query(DATABASE_DIRECT_URL, 'create table seen as select 1 as n');
  const found = "select 1 from pg_class where relname = 'seen'";
  await eventually(async () => (await query(DATABASE_REPLICA_DIRECT_URL, found)).rowCount === 1);
  await query(DATABASE_DIRECT_URL, 'drop table seen');
});

test('nobody becomes superuser through the pooler', async () => {
  const { DATABASE_SUPERUSER_URL = '', DATABASE_URL = '' } = variables();
  const pooled = new URL(DATABASE_SUPERUSER_URL);
  pooled.port = new URL(DATABASE_URL).port;
  await assert.rejects(query(pooled.href, 'select 1'));
  await query(DATABASE_SUPERUSER_URL, 'select 1');
});

test('ingest holds at most four server connections, however many clients it has', async () => {
  const { INGEST_DATABASE_URL = '' } = variables();
  const sleepers = Array.from({ length: 12 }, () =>
    query(INGEST_DATABASE_URL, 'select pg_backend_pid() as pid, pg_sleep(0.2)'),
  );
  const pids = (await Promise.all(sleepers)).map(({ rows }) => rows[0]?.['pid']);
  assert.equal(new Set(pids).size, 4);
});

test('a second instance on the same data is refused, in the foreground and in the background', () => {
  for (const args of [['servers'], ['servers', '--detach']]) {
    const second = launch(args, { HMS_PORT: '19500' });
    assert.equal(second.code, 1);
    assert.match(second.output, /is in use: pid \d+ runs there already/);
  }
});

test('status tells that everything answers', () => {
  const { code, output } = launch(['status']);
  assert.equal(code, 0, output);
  assert.match(output, /replica +ready +yes/);
});

test('a crashed service is started again', async () => {
  const { pid } = service('redis');
  assert.equal((await control('/services/redis/kill')).status, 200);
  await eventually(() => service('redis').pid !== pid && service('redis').state === 'ready');
  assert.equal(service('redis').restarts, 1);
});

test('a stopped service stays stopped until it is started', async () => {
  await control('/services/pgbouncer/stop');
  assert.equal(service('pgbouncer').state, 'stopped');
  assert.equal(launch(['status']).code, 1);
  await control('/services/pgbouncer/start');
  assert.equal(service('pgbouncer').state, 'ready');
});

test('the control address answers only who knows its token', async () => {
  const { HMS_CONTROL = '' } = variables();
  const wrong = HMS_CONTROL.slice(0, -1) + (HMS_CONTROL.endsWith('A') ? 'B' : 'A');
  assert.equal((await fetch(`${wrong}/services`)).status, 404);
});

test('stop leaves no process', () => {
  const family = descendants(state().pid);
  assert.ok(family.length > 4);
  assert.equal(launch(['stop']).code, 0);
  assert.deepEqual(living(family), []);
});

test('a taken port is named, with the variable that moves all', async () => {
  const port = Number(variables()['HMS_PORT']) + 4;
  const squatter = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => squatter.once('listening', resolve));
  const { code, output } = await launchAsync(['servers']);
  squatter.close();
  assert.equal(code, 1);
  assert.match(output, new RegExp(`Port ${port} \\(for redis\\) is taken[^]*HMS_PORT`));
});

test('Ctrl-C stops everything in good order', async () => {
  const { child, output } = await launchUntil(['servers'], 'Ready');
  const family = descendants(child.pid ?? 0);
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(code, 0);
  assert.match(output(), /Stopped in/);
  assert.deepEqual(living(family), []);
});

test('kill -9 of the supervisor leaves no process', async () => {
  const { child } = await launchUntil(['servers'], 'Ready');
  const family = descendants(child.pid ?? 0);
  assert.ok(family.some(({ name }) => name.includes('walsender')));
  child.kill('SIGKILL');
  await eventually(() => living(family).length === 0);
});

test('control: without the death signal, a server outlives its supervisor', async () => {
  const script = "require('child_process').spawn('sleep', ['60'], { detached: true }); setInterval(() => {}, 1000)";
  const parent = spawn(process.execPath, ['-e', script]);
  await eventually(() => descendants(parent.pid ?? 0).length === 1);
  const family = descendants(parent.pid ?? 0);
  parent.kill('SIGKILL');
  await eventually(() => !processes().some(({ pid }) => pid === parent.pid));
  assert.deepEqual(living(family), family);
  for (const { pid } of family) process.kill(pid);
});

test('what was killed starts again, with its data', () => {
  const started = launch(['servers', '--detach']);
  assert.equal(started.code, 0, started.output);
});
