#!/usr/bin/env node
/**
 * Everything this project does on one machine: `node deploy/local/main.mjs <command>`. Runs with nothing installed;
 * what needs packages is loaded only after they are there.
 */
import { Failure } from './lib/failure.mjs';
import { install } from './lib/install.mjs';
import { terminalReport } from './lib/report.mjs';

/** @import { Report } from './lib/report.mjs' */

/** @typedef {(args: string[], report: Report) => Promise<number>} Run a command; answers its exit code */
/** @typedef {{ help: string, packages: boolean, load: () => Promise<{ run: Run }> }} Entry */

/** @type {Record<string, Entry>} */
const commands = {
  start: {
    help: 'start everything; --detach returns once it is ready',
    packages: true,
    load: () => import('./commands/start.mjs'),
  },
  servers: {
    help: 'start PostgreSQL, its replica, PgBouncer and Redis only; --detach as above',
    packages: true,
    load: () => import('./commands/servers.mjs'),
  },
  status: { help: 'what runs, and whether it answers', packages: false, load: () => import('./commands/status.mjs') },
  logs: { help: 'follow the log of one service, or all', packages: false, load: () => import('./commands/logs.mjs') },
  stop: { help: 'stop what runs', packages: false, load: () => import('./commands/stop.mjs') },
  reset: { help: 'delete the data; asks, or --yes', packages: false, load: () => import('./commands/reset.mjs') },
  hms: { help: 'the command line of the platform', packages: false, load: () => import('./commands/hms.mjs') },
  test: { help: 'run every suite, or those named', packages: true, load: () => import('./commands/test.mjs') },
  bench: { help: 'measure a stack of its own', packages: true, load: () => import('./commands/bench.mjs') },
};

const [name = 'help', ...args] = process.argv.slice(2);
const report = terminalReport();
let code = 1;
try {
  code = await dispatch();
} catch (error) {
  report.failure(error);
}
process.exit(code);

async function dispatch() {
  const command = commands[name];
  if (!command) return usage();
  requireNode();
  if (command.packages) await report.step('packages', install);
  const { run } = await command.load();
  return run(args, report);
}

function usage() {
  const lines = Object.entries(commands).map(([command, { help }]) => `  ${command.padEnd(8)} ${help}`);
  report.print(`Usage: node deploy/local/main.mjs <command>\n\n${lines.join('\n')}`);
  return name === 'help' || name === '--help' ? 0 : 2;
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 11)) return;
  throw new Failure(`Node ${process.versions.node} is too old.`, { advice: 'Install Node 20.11 or later.' });
}
