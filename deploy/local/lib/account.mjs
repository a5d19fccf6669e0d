import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from './failure.mjs';

/**
 * @typedef {object} Account
 * @property {number} uid
 * @property {number} gid
 */

/**
 * Who the servers run as: PostgreSQL and PgBouncer refuse root, so root hands them to `nobody`.
 * @returns {Account | null} null means: the user who runs the launcher
 */
export function serverAccount() {
  if (process.getuid?.() !== 0) return null;
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody');
  if (!entry) throw new Failure('Run by root, and there is no account `nobody` to run the servers as.');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/**
 * Makes a folder that the account can enter. Where a parent is closed to it (a checkout in `/root`, say), the folder
 * becomes a link into `/var/lib`.
 * @param {string} folder
 * @param {Account | null} account
 * @returns {string} its real path
 */
export function reachableFolder(folder, account) {
  mkdirSync(folder, { recursive: true, mode: account ? 0o711 : 0o700 });
  const real = realpathSync(folder);
  if (!account || canEnter(real, account)) return real;
  if (readdirSync(real).length > 0) {
    throw new Failure(`${real} cannot be entered by the account the servers run as, and is not empty.`, {
      advice: 'Set HMS_DATA to a folder that every user can reach, or start as a user other than root.',
    });
  }
  const elsewhere = join('/var/lib', `hms-${createHash('sha256').update(real).digest('hex').slice(0, 12)}`);
  mkdirSync(elsewhere, { recursive: true, mode: 0o711 });
  rmdirSync(real);
  symlinkSync(elsewhere, real);
  return elsewhere;
}

/**
 * A folder only the account can read.
 * @param {string} folder
 * @param {Account | null} account
 * @throws {Failure} when it was made for another account, which PostgreSQL would refuse with a riddle
 */
export function privateFolder(folder, account) {
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 });
    give(folder, account);
  }
  const { uid } = statSync(folder);
  if (uid !== (account?.uid ?? process.getuid?.())) {
    throw new Failure(`${folder} belongs to user ${uid}, because another user started here before.`, {
      advice: 'Start as that user, set HMS_DATA to another folder, or delete the data as that user: npm run reset',
    });
  }
}

/**
 * @param {string} path
 * @param {Account | null} account
 */
export function give(path, account) {
  if (account) chownSync(path, account.uid, account.gid);
}

/**
 * @param {string} folder
 * @param {Account} account
 * @returns {boolean}
 */
function canEnter(folder, account) {
  const test = spawnSync('test', ['-x', folder], { uid: account.uid, gid: account.gid, cwd: '/' });
  if (test.error) throw new Failure(`Cannot become another user: ${test.error.message}`, { cause: test.error });
  return test.status === 0 && existsSync(dirname(folder));
}
