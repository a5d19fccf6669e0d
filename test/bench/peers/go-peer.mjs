import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { required } from '../support/stack.mjs';

/** @import { Binary } from '../../../deploy/local/servers/locate.mjs' */
/** @import { OwnServer } from '../support/own-server.mjs' */

const source = fileURLToPath(new URL('./go', import.meta.url));

/**
 * Builds the receiver in Go and starts it. It ends with this process.
 * @param {Binary} go with the sources of pgx in its GOPATH
 * @returns {Promise<OwnServer>}
 */
export async function startGoPeer(go) {
  const program = await build(go);
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with code ${code}`))),
  ]);
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => child.stdin.end() };
}

/**
 * What was compiled once lies beside the servers for the next time.
 * @param {Binary} go
 * @returns {Promise<string>} the program
 */
async function build({ file, env }) {
  const folder = join(required('HMS_DATA'), 'peers');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'go-peer');
  const settings = { GO111MODULE: 'off', CGO_ENABLED: '0', GOCACHE: join(required('HMS_SERVERS'), 'go.cache') };
  await promisify(execFile)(file, ['build', '-o', program, '.'], {
    cwd: source,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env, ...settings },
  });
  return program;
}
