import { closeSync, existsSync, openSync } from 'node:fs';
import { execa } from 'execa';
import { Failure } from './failure.mjs';

/** @import { Account } from './account.mjs' */

/** util-linux; drops to another account and asks the kernel to end the child when this process dies. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/**
 * @typedef {object} Command
 * @property {string} file
 * @property {readonly string[]} args
 * @property {Record<string, string>} [env] beside PATH, HOME and the locale
 * @property {string} [cwd]
 * @property {Account | null} [account] whom to run as; null or absent: as the launcher
 * @property {'INT' | 'TERM'} [deathSignal] what the child gets when the launcher dies, however it dies
 */

/** @typedef {{ extendEnv: false, env: Record<string, string>, cwd: string, uid?: number, gid?: number }} Spawning */

/**
 * Starts a command whose output goes to a file. It does not share the terminal's process group, so that Ctrl-C reaches
 * only the launcher, which then stops its children in order.
 * @param {Command} command
 * @param {string} logFile
 */
export function spawnLogged(command, logFile) {
  // Any descriptor will do, but execa's types name only 3 to 9.
  const output = /** @type {3} */ (openSync(logFile, 'a', 0o600));
  try {
    const { file, args, options } = prepare(command);
    return execa(file, args, {
      ...options,
      stdin: 'ignore',
      stdout: output,
      stderr: output,
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      // The supervisor decides how long a service may take to stop.
      forceKillAfterDelay: false,
    });
  } finally {
    closeSync(output);
  }
}

/**
 * Runs a command to its end.
 * @param {Command} command
 * @param {{ logFile: string, what: string, advice?: string, limitMs?: number }} told what: for the message when it fails
 * @throws {Failure} also when it takes longer than the limit
 */
export async function runLogged(command, { logFile, what, advice = '', limitMs = Infinity }) {
  const child = spawnLogged(command, logFile);
  let late = false;
  const limit = Number.isFinite(limitMs)
    ? setTimeout(() => {
        late = true;
        killGroup(child.pid);
      }, limitMs)
    : undefined;
  const result = await child;
  clearTimeout(limit);
  if (!result.failed) return;
  const how = late ? `did not end within ${limitMs / 1000} s` : describeEnd(result);
  throw new Failure(`${what} ${how}.`, { logFile, advice, cause: result });
}

/**
 * @param {{ signal?: string, exitCode?: number }} result
 * @returns {string} such as `was ended by SIGKILL`
 */
export function describeEnd({ signal, exitCode }) {
  return signal ? `was ended by ${signal}` : `ended with code ${exitCode ?? 'unknown'}`;
}

/**
 * Kills a process and what it started, as far as that is in its group: the workers of Nginx, say, outlive a master that
 * got SIGKILL.
 * @param {number | undefined} pid
 */
export function killGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left of the group.
  }
}

/**
 * @param {Command} command
 * @returns {{ file: string, args: readonly string[], options: Spawning }}
 */
function prepare({ file, args, env, cwd, account, deathSignal = 'TERM' }) {
  /** @type {Spawning} */
  const options = { extendEnv: false, env: { ...plainEnvironment(), ...env }, cwd: cwd ?? '/' };
  if (!SETPRIV) return { file, args, options: account ? { ...options, ...account } : options };
  const drop = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : [];
  return { file: SETPRIV, args: [...drop, `--pdeathsig=${deathSignal}`, '--', file, ...args], options };
}

/**
 * What a child inherits: nothing that could change how a server behaves, such as PGHOST or NODE_OPTIONS.
 * @returns {Record<string, string>}
 */
function plainEnvironment() {
  const kept = ['PATH', 'HOME', 'USER', 'TMPDIR', 'TERM'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(kept), LANG: 'C.UTF-8' };
}
