import { dirname, join } from 'node:path';
import { reachableFolder, serverAccount } from './lib/account.mjs';
import { openControl } from './lib/control.mjs';
import { emptyDataFolder } from './lib/data-folder.mjs';
import { stackEnvironment, writeEnvironment } from './lib/environment.mjs';
import { takeLock } from './lib/lock.mjs';
import { limitLogs } from './lib/logs.mjs';
import { requireFree } from './lib/ports.mjs';
import { writeState } from './lib/state.mjs';
import { Supervisor } from './lib/supervisor.mjs';
import { preparePlace } from './servers/place.mjs';

/** @import { Report } from './lib/report.mjs' */
/** @import { Settings } from './lib/settings.mjs' */
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
    this.env = stackEnvironment(place, settings);
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

  /**
   * Adds what is known only now to what services, tests and shells get.
   * @param {Record<string, string>} variables
   */
  extendEnvironment(variables) {
    Object.assign(this.env, variables);
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
 * @param {{ fresh?: boolean }} [options] fresh: forget all that an earlier run left there
 * @returns {Promise<Stack>}
 */
export async function openStack(settings, report, { fresh = false } = {}) {
  const account = serverAccount();
  // The folder around it first: that may be what has to lie elsewhere.
  reachableFolder(dirname(settings.downloads), account);
  reachableFolder(settings.downloads, account);
  const data = reachableFolder(settings.data, account);
  const release = takeLock(data);
  try {
    await requireFree(neededPorts(settings), settings.portVariable);
    if (fresh) emptyDataFolder(data);
    const stack = new Stack(settings, preparePlace(data, account, settings.ports), {
      report,
      release,
    });
    await stack.openControl();
    return stack;
  } catch (error) {
    release();
    throw error;
  }
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
