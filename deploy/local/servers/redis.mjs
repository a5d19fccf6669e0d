import { join } from 'node:path';
import { writePrivate } from '../lib/files.mjs';
import { redisAnswers } from '../lib/probe.mjs';

/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Place } from './place.mjs' */
/** @import { Binary } from './locate.mjs' */

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
