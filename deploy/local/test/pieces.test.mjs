import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { emptyDataFolder } from '../lib/data-folder.mjs';
import { formatEnvironment, parseEnvironment } from '../lib/environment.mjs';
import { Failure } from '../lib/failure.mjs';
import { lockHolder, takeLock } from '../lib/lock.mjs';
import { limitLog } from '../lib/logs.mjs';
import { planPorts } from '../lib/ports.mjs';
import { Report, lastLines, table } from '../lib/report.mjs';
import { readExternal, readSettings } from '../lib/settings.mjs';
import { render } from '../lib/template.mjs';
import { atLeast } from '../servers/locate.mjs';
import { mendLog } from '../servers/redis.mjs';

const folder = mkdtempSync(join(tmpdir(), 'hms-'));
after(() => rmSync(folder, { recursive: true }));

test('no two services share a port, in any number', () => {
  const ports = Object.values(planPorts(8080, { api: 8, worker: 8, ingest: 8 })).flat();
  assert.equal(new Set(ports).size, ports.length);
});

test('every port lies below those the kernel gives to outgoing connections', () => {
  assert.ok(Math.max(...Object.values(planPorts(32_727, { api: 8, worker: 8, ingest: 8 })).flat()) < 32_768);
  assert.throws(() => planPorts(32_728, { api: 1, worker: 1, ingest: 1 }), Failure);
  assert.throws(() => planPorts(Number('http'), { api: 1, worker: 1, ingest: 1 }), Failure);
});

test('a template with a name that has no value is refused', () => {
  assert.equal(render('listen ${LISTEN}; # $host', { LISTEN: '8080' }), 'listen 8080; # $host');
  assert.throws(() => render('${MISSING}', {}), /MISSING/);
});

test('an environment survives its way through a file', () => {
  const environment = { PLAIN: 'a=b', QUOTED: "it's", EMPTY: '', URL: 'postgresql://u:p@127.0.0.1/hms?a=$b' };
  assert.deepEqual(parseEnvironment(formatEnvironment(environment)), environment);
});

test('a database that exists needs all its addresses', () => {
  const { ports } = readSettings({});
  assert.deepEqual(readExternal({ REDIS_URL: 'redis://elsewhere' }, ports), { redisUrl: 'redis://elsewhere' });
  assert.throws(() => readExternal({ DATABASE_URL: 'postgresql://elsewhere/hms' }, ports), /DATABASE_DIRECT_URL/);
});

test('addresses of this very stack do not count as servers that exist', () => {
  const { ports } = readSettings({ HMS_PORT: '9000' });
  assert.deepEqual(readExternal({ DATABASE_URL: 'postgresql://a:b@127.0.0.1:9003/hms' }, ports), {});
});

test('a number of processes that makes no sense is refused by the name of its variable', () => {
  assert.throws(() => readSettings({ HMS_API_COUNT: '0' }), /HMS_API_COUNT/);
});

test('versions are compared by number', () => {
  assert.ok(atLeast('1.18.0', [1, 18]));
  assert.ok(atLeast('15', [15]));
  assert.ok(atLeast('2.0', [1, 22]));
  assert.ok(!atLeast('1.9.9', [1, 18]));
  assert.ok(!atLeast('', [1]));
});

test('a folder is held by one living process', () => {
  const release = takeLock(folder);
  assert.equal(lockHolder(folder)?.pid, process.pid);
  assert.throws(() => takeLock(folder), /is in use/);
  release();
  assert.equal(lockHolder(folder), null);
});

test('the lock of a dead process, or of another one with its number, is taken over', () => {
  for (const owner of [{ pid: 2 ** 30, started: '1' }, { pid: process.pid, started: '1' }, 'not a lock']) {
    writeFileSync(join(folder, 'lock'), JSON.stringify(owner));
    takeLock(folder)();
  }
});

test('a folder with something else in it is not emptied', () => {
  const other = mkdtempSync(join(folder, 'home-'));
  writeFileSync(join(other, 'letters.txt'), '');
  assert.throws(() => emptyDataFolder(other), Failure);
});

test('a log that grows too large is set aside', () => {
  const log = join(folder, 'api.log');
  writeFileSync(log, 'one\ntwo\n');
  limitLog(log, 100);
  assert.deepEqual(lastLines(log, 1), ['two']);
  limitLog(log, 3);
  assert.deepEqual([lastLines(log, 9), lastLines(`${log}.1`, 9)], [[''], ['one', 'two']]);
});

test('a table aligns text to the left and numbers to the right', () => {
  assert.deepEqual(
    table([
      ['suite', 'passed'],
      ['unit', 7],
      ['acceptance', 12],
    ]),
    ['suite       passed', 'unit             7', 'acceptance      12'],
  );
});

test('a failed step says what to do and shows the end of the log', async () => {
  /** @type {string[]} */
  const lines = [];
  const report = new Report((line) => lines.push(line));
  const logFile = join(folder, 'redis.log');
  writeFileSync(logFile, 'out of memory\n');
  const failure = new Failure('redis did not start.', { advice: 'Free some memory.', logFile });
  await assert.rejects(report.step('redis', () => Promise.reject(failure)));
  report.failure(failure);
  assert.match(lines.join('\n'), /✖ redis[^]*redis did not start\.[^]*→ Free some memory\.[^]*out of memory/);
});

test('somebody hears of a log of Redis that could not be mended', () => {
  const log = join(folder, 'redis', 'appendonlydir');
  mkdirSync(log, { recursive: true });
  writeFileSync(join(log, 'appendonly.aof.manifest'), '');
  const told = () => {
    /** @type {string[]} */
    const lines = [];
    const place = /** @type {Parameters<typeof mendLog>[0]} */ ({ data: folder });
    const server = { file: join(folder, 'redis-server'), version: '7.0.0', origin: /** @type {const} */ ('system') };
    mendLog(place, { ...server, env: {} }, (line) => lines.push(line));
    return lines;
  };
  assert.match(told()[0] ?? '', /could not be checked.*ENOENT/);
  const check = join(folder, 'redis-check-aof');
  writeFileSync(check, '#!/bin/sh\necho "AOF is not valid"\nexit 1\n', { mode: 0o755 });
  assert.match(told()[0] ?? '', /could not be checked.*AOF is not valid$/);
  writeFileSync(check, '#!/bin/sh\n', { mode: 0o755 });
  assert.deepEqual(told(), []);
});
