import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { locateServers } from '../servers/locate.mjs';

const downloads = mkdtempSync(join(tmpdir(), 'hms-servers-'));
const root = join(downloads, 'some');
after(() => rmSync(downloads, { recursive: true }));

/** The machine's own come first, so that nothing can be said of others then. */
const system = locateServers(downloads);

/**
 * @param {string} name
 * @param {string} script
 */
function program(name, script) {
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'usr/bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

test('InfluxDB 2 does not count as InfluxDB', { skip: system.influxd !== undefined }, () => {
  program('influxd', "echo 'InfluxDB v2.7.1 (git: 1)'");
  assert.equal(locateServers(downloads).influxd, undefined);
  program('influxd', "echo 'InfluxDB v1.6.7~rc0 (git: 1)'");
  assert.equal(locateServers(downloads).influxd?.version, '1.6.7');
});

test(
  'a VictoriaMetrics that does not know its version is one all the same, if it runs',
  {
    skip: system['victoria-metrics'] !== undefined,
  },
  () => {
    program('victoria-metrics', 'exit 1');
    assert.equal(locateServers(downloads)['victoria-metrics'], undefined);
    program('victoria-metrics', 'echo');
    assert.equal(locateServers(downloads)['victoria-metrics']?.version, '');
  },
);

test('Go without the sources of pgx counts as absent', { skip: system.go !== undefined }, () => {
  program('go', 'echo go version go1.19.8 linux/amd64');
  assert.equal(locateServers(downloads).go, undefined);
  mkdirSync(join(root, 'usr/share/gocode/src/github.com/jackc/pgx/v4'), { recursive: true });
  assert.equal(locateServers(downloads).go?.env['GOPATH'], join(root, 'usr/share/gocode'));
});
