import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writePrivate } from '../lib/files.mjs';
import { redisAnswers } from '../lib/probe.mjs';
import { sibling } from './locate.mjs';

/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Place } from './place.mjs' */
/** @import { Binary } from './locate.mjs' */

/**
 * After a power cut the end of Redis's log may be zeros, and Redis does not start with it. All that must not be lost is in
 * PostgreSQL, so the log is cut where it stops making sense.
 * @param {Place} place
 * @param {Binary} binary
 * @param {(line: string) => void} tell is told when that failed
 */
export function mendLog({ data }, binary, tell) {
  const folder = join(data, 'redis', 'appendonlydir');
  const manifest = filesIn(folder).find((name) => name.endsWith('.manifest'));
  if (manifest === undefined) return;
  const check = sibling(binary, basename(binary.file).replace('server', 'check-aof'));
  const { status, error, stdout, stderr } = spawnSync(check, ['--fix', join(folder, manifest)], {
    env: { ...process.env, ...binary.env },
    input: 'y\n',
    encoding: 'utf8',
  });
  if (status === 0) return;
  // One that ends without asking us anything leaves an error about our answer, too.
  const said = status === null ? error?.message : `${stdout}\n${stderr}`.trim().split('\n').at(-1);
  tell(`the log of redis could not be checked, and it may not start: ${said ?? ''}`);
}

/** @param {string} folder */
function filesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Never evicts: a job queue must not lose keys to memory pressure.
 * @param {Place} place
 * @param {Binary} binary
 * @returns {Service}
 */
export function redisService({ account, data, ports, secrets }, binary) {
  const config = join(data, 'conf', 'redis.conf');
  writePrivate(
    config,
    `# Written at every start.
bind 127.0.0.1
port ${ports.redis}
requirepass ${secrets.redis}
dir "${join(data, 'redis')}"
save ""
appendonly yes
appendfsync everysec
maxmemory 256mb
maxmemory-policy noeviction
`,
    account,
  );
  return {
    name: 'redis',
    tier: 0,
    port: ports.redis,
    command: { file: binary.file, args: [config], env: binary.env, cwd: data, account },
    ready: () => redisAnswers(ports.redis, secrets.redis),
    stopSignals: ['SIGTERM'],
  };
}
