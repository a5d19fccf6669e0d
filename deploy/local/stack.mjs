import { dirname, join } from 'node:path';
import { reachableFolder, serverAccount } from './lib/account.mjs';
import { openControl } from './lib/control.mjs';
import { stackEnvironment, writeEnvironment } from './lib/environment.mjs';
import { takeLock } from './lib/lock.mjs';
import { limitLogs } from './lib/logs.mjs';
import { requireFree } from './lib/ports.mjs';
import { writeState } from './lib/state.mjs';
import { Supervisor } from './lib/supervisor.mjs';
import { provideServers, startDatabases, startRedis } from './servers/index.mjs';
import { preparePlace } from './servers/place.mjs';

/** @import { Report } from './lib/report.mjs' */
/** @import { Settings } from './lib/settings.mjs' */
/** @import { ServerKind, Servers } from './servers/locate.mjs' */
/** @import { Place } from './servers/place.mjs' */

const HOUSEKEEPING_MS = 60_000;

/** A stack that this process runs: its data folder, its supervisor and the way in for tests. */
export class Stack {
  #closeControl = () => {};
  #ready = false;
  #release;
  #startedAt = new Date().toISOString();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #housekeeping;

  /**
   * @param {Settings} settings
   * @param {Place} place
   * @param {{ report: Report, release: () => void }} held
   */
  constructor(settings, place, { report, release }) {
    this.settings = settings;
    this.place = place;
    this.report = report;
    this.env = stackEnvironment(place, settings.external);
    this.#release = release;
    this.supervisor = new Supervisor(join(place.data, 'log'), {
      tell: (line) => report.print(`  ! ${line}`),
      changed: () => this.#save(),
    });
  }

  async openControl() {
    const { ports, secrets } = this.place;
    this.#closeControl = await openControl(this.supervisor, { port: ports.control, token: secrets.control });
    this.#housekeeping = setInterval(() => limitLogs(join(this.place.data, 'log')), HOUSEKEEPING_MS);
    writeEnvironment(this.place.data, this.env);
  }

  declareReady() {
    this.#ready = true;
    this.#save();
  }

  /** Stops everything in order and gives the data folder back. */
  async stop() {
    this.#ready = false;
    clearInterval(this.#housekeeping);
    await this.supervisor.stopAll();
    this.#closeControl();
    this.#release();
  }

  #save() {
    writeState(this.place.data, {
      pid: process.pid,
      startedAt: this.#startedAt,
      ready: this.#ready,
      baseUrl: this.env['HMS_BASE_URL'] ?? '',
      services: this.supervisor.services,
    });
  }
}

/**
 * Takes the data folder for this process and fills it; nothing runs yet.
 * @param {Settings} settings
 * @param {Report} report
 * @returns {Promise<Stack>}
 */
export async function openStack(settings, report) {
  const account = serverAccount();
  reachableFolder(dirname(settings.downloads), account);
  const data = reachableFolder(settings.data, account);
  const release = takeLock(data);
  try {
    await requireFree(neededPorts(settings), settings.portVariable);
    const stack = new Stack(settings, preparePlace(data, account, settings.ports), { report, release });
    await stack.openControl();
    return stack;
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * @param {Stack} stack
 * @param {ServerKind[]} kinds
 * @returns {Promise<Servers>}
 */
export function findServers({ report, settings }, kinds) {
  return report.step('servers', (note) => provideServers(kinds, settings.downloads, note));
}

/**
 * Starts the databases and Redis, as far as the environment names none.
 * @param {Stack} stack
 * @param {Servers} servers
 */
export async function startStores({ report, settings, supervisor, place }, servers) {
  const { external } = settings;
  await report.step('databases', async (note) => {
    const work = [];
    if (!external.database) work.push(startDatabases(supervisor, place, servers));
    if (!external.redisUrl) work.push(startRedis(supervisor, place, servers));
    await Promise.all(work);
    note(work.length === 2 ? 'primary, streaming replica, pooler, Redis' : 'as named by the environment');
  });
}

/**
 * Which servers have to be started here.
 * @param {Settings} settings
 * @returns {ServerKind[]}
 */
export function neededStores({ external }) {
  /** @type {ServerKind[]} */
  const database = external.database ? [] : ['postgres', 'pgbouncer'];
  return external.redisUrl ? database : [...database, 'redis'];
}

/**
 * @param {Settings} settings
 * @returns {[string, number][]}
 */
function neededPorts({ ports }) {
  return Object.entries(ports).flatMap(([name, port]) =>
    [port].flat().map((one) => /** @type {[string, number]} */ ([name, one])),
  );
}
