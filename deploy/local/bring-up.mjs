import { join } from 'node:path';
import { migrate, seedDemo } from './apps/cli.mjs';
import { mailService } from './apps/mail.mjs';
import { platformServices, simulatorService } from './apps/services.mjs';
import { build } from './lib/build.mjs';
import { answers } from './lib/probe.mjs';
import { Failure } from './lib/failure.mjs';
import { brokerEnvironment, mosquittoService } from './servers/mosquitto.mjs';
import { startDatabases, startRedis, provideServers } from './servers/index.mjs';
import { nginxService } from './servers/nginx.mjs';
import { postgresEnvironment } from './servers/postgres.mjs';

/** @import { Binary, PeerKind, ServerKind, Servers } from './servers/locate.mjs' */
/** @import { Stack } from './stack.mjs' */

/** @typedef {Record<PeerKind, Binary | { missing: string }>} Peers why, in a sentence, where one is missing */

/**
 * Databases and Redis only, with roles and extensions but without tables.
 * @param {Stack} stack
 */
export async function bringUpStores(stack) {
  await startStores(stack, await findServers(stack, neededStores(stack)));
}

/** @param {Stack} stack */
export async function buildAll({ place, report }) {
  await report.step('build', (note) => build(note, join(place.data, 'log', 'build.log')));
}

/**
 * The whole platform, in the order in which things need each other.
 * @param {Stack} stack
 * @param {{ simulator: boolean }} options
 */
export async function bringUpAll(stack, { simulator }) {
  const { env, place, report, settings, supervisor } = stack;
  const servers = await findServers(stack, [...neededStores(stack), 'nginx']);
  await startStores(stack, servers);
  await startBroker(stack);
  await report.step('migrate', () => migrate(stack));
  if (settings.demo) await report.step('demo data', (note) => seedDemo(stack, note));
  await report.step('services', async (note) => {
    const services = [mailService(stack), ...platformServices(stack)];
    await Promise.all(services.map((service) => supervisor.start(service)));
    note(services.map(({ name }) => name).join(', '));
  });
  await report.step('nginx', async () => supervisor.start(await nginxService(place, servers.nginx)));
  await report.step('ready', () => answers(`${env['HMS_BASE_URL']}/healthz`));
  if (simulator && settings.demo) await report.step('simulator', () => supervisor.start(simulatorService(stack)));
}

/**
 * @param {Stack} stack
 * @param {ServerKind[]} kinds
 * @returns {Promise<Servers>}
 */
function findServers({ report, settings }, kinds) {
  return report.step('servers', (note) => provideServers(kinds, settings.downloads, note));
}

/**
 * @param {Stack} stack
 * @param {Servers} servers
 */
async function startStores(stack, servers) {
  const { report, settings, supervisor, place } = stack;
  const { database, redisUrl } = settings.external;
  await report.step('databases', async (note) => {
    const work = [];
    if (!database) work.push(startDatabases(supervisor, place, servers));
    if (!redisUrl) work.push(startRedis(supervisor, place, servers, (line) => report.print(`  ! ${line}`)));
    await Promise.all(work);
    if (!database) stack.extendEnvironment(postgresEnvironment(servers.postgres));
    note(work.length === 2 ? 'primary, streaming replica, pooler, Redis' : 'some as named by the environment');
  });
}

/**
 * MQTT is one way in of many: where no broker can be had, everything else is served.
 * @param {Stack} stack
 */
async function startBroker(stack) {
  const { place, report, settings, supervisor } = stack;
  await report.step('mqtt', async (note) => {
    try {
      const { mosquitto } = await provideServers(['mosquitto'], settings.downloads, note);
      await supervisor.start(mosquittoService(place, mosquitto));
      stack.extendEnvironment(brokerEnvironment(place, mosquitto));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      note(`not served: ${error.message}`);
    }
  });
}

/**
 * A client of others that tests of formats use; without it they are left out.
 * @param {Stack} stack
 */
export async function provideClients(stack) {
  await stack.report.step('clients', async (note) => {
    try {
      const { influx } = await provideServers(['influx'], stack.settings.downloads, note);
      stack.extendEnvironment({ INFLUX: influx.file });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      note(`none: ${error.message}`);
    }
  });
}

/**
 * What the bench measures beside ours. Those that cannot be had are named with the reason, and left out there.
 * @param {Stack} stack
 * @returns {Promise<Peers>}
 */
export function providePeers({ report, settings }) {
  const provide = async (/** @type {PeerKind} */ kind) => {
    try {
      return (await provideServers([kind], settings.downloads, () => {}))[kind];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { missing: error.message };
    }
  };
  return report.step('peers', async (note) => {
    const peers = {
      go: await provide('go'),
      influxd: await provide('influxd'),
      'victoria-metrics': await provide('victoria-metrics'),
    };
    note(
      Object.entries(peers)
        .map(([kind, peer]) => ('missing' in peer ? `no ${kind}` : kind))
        .join(', '),
    );
    return peers;
  });
}

/**
 * Which servers have to be started here, because the environment names none.
 * @param {Stack} stack
 * @returns {ServerKind[]}
 */
function neededStores({ settings: { external } }) {
  /** @type {ServerKind[]} */
  const database = external.database ? [] : ['postgres', 'pgbouncer'];
  return external.redisUrl ? database : [...database, 'redis'];
}
