import { Failure } from '../lib/failure.mjs';
import { fetchServers } from './fetch.mjs';
import { locateServers } from './locate.mjs';
import { pgbouncerService } from './pgbouncer.mjs';
import { prepareCluster } from './postgres-cluster.mjs';
import { copyReplica, createCluster, dropReplica, primaryService, replicaService } from './postgres.mjs';
import { mendLog, redisService } from './redis.mjs';

/** @import { Supervisor } from '../lib/supervisor.mjs' */
/** @import { Binary, ServerKind, Servers } from './locate.mjs' */
/** @import { Place } from './place.mjs' */

/**
 * @param {ServerKind[]} needed
 * @param {string} downloads
 * @param {(note: string) => void} note
 * @returns {Promise<Servers>} of which the needed ones are there
 */
export async function provideServers(needed, downloads, note) {
  let found = locateServers(downloads);
  const missing = needed.filter((kind) => !found[kind]);
  if (missing.length > 0) {
    await fetchServers(missing, downloads);
    found = locateServers(downloads);
  }
  const versions = needed.map((kind) => `${kind} ${found[kind]?.version ?? 'missing'}`);
  note(versions.join(', '));
  const broken = needed.filter((kind) => !found[kind]);
  if (broken.length === 0) return /** @type {Servers} */ (found);
  throw new Failure(`What was downloaded for ${broken.join(', ')} does not run here.`, {
    advice: `Delete ${downloads} and start again, or install it with the system's package manager.`,
  });
}

/**
 * PostgreSQL with its roles and extensions, then the replica and the pooler.
 * @param {Supervisor} supervisor
 * @param {Place} place
 * @param {Servers} servers
 */
export async function startDatabases(supervisor, place, servers) {
  await createCluster(place, servers.postgres);
  await supervisor.start(primaryService(place, servers.postgres));
  await prepareCluster(place);
  await startReplica(supervisor, place, servers.postgres);
  await supervisor.start(pgbouncerService(place, servers.pgbouncer));
}

/**
 * @param {Supervisor} supervisor
 * @param {Place} place
 * @param {Servers} servers
 * @param {(line: string) => void} tell
 */
export async function startRedis(supervisor, place, servers, tell) {
  mendLog(place, servers.redis, tell);
  await supervisor.start(redisService(place, servers.redis));
}

/**
 * A replica that cannot follow is copied anew, once.
 * @param {Supervisor} supervisor
 * @param {Place} place
 * @param {Binary} binary
 */
async function startReplica(supervisor, place, binary) {
  await copyReplica(place, binary);
  try {
    await supervisor.start(replicaService(place, binary));
  } catch (error) {
    if (supervisor.stopping) throw error;
    dropReplica(place);
    await copyReplica(place, binary);
    await supervisor.start(replicaService(place, binary));
  }
}
