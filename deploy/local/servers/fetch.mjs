import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runLogged } from '../lib/child.mjs';
import { Failure, codeOf } from '../lib/failure.mjs';
import { POSTGRES_MAJORS, atLeast } from './locate.mjs';

/** @import { ServerKind } from './locate.mjs' */

const OFFLINE = 'Check the network and the package sources of this machine, then start again.';
/** Left out of what is unpacked: the machine's own C library serves, and PostgreSQL runs without its compiler. */
const LEFT_OUT = /^(libc6|libc-bin|libllvm\d*|libz3-\d)_/;
const UNUSED = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/lintian'];

/**
 * Downloads this distribution's own packages of the servers and unpacks them. Nothing is installed, no script of a
 * package runs, no daemon starts, and it needs no root.
 * @param {ServerKind[]} kinds
 * @param {string} downloads
 * @throws {Failure}
 */
export async function fetchServers(kinds, downloads) {
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) {
    throw new Failure(`There is no ${kinds.join(', ')} here, and no apt-get to fetch it with.`, {
      advice:
        'Install PostgreSQL 15 or later with PostGIS, PgBouncer 1.18, Redis 6.2 and Nginx 1.22, or name running ones by ' +
        'DATABASE_URL, DATABASE_DIRECT_URL, INGEST_DATABASE_URL and REDIS_URL. Containers (deploy/compose.yaml) come later.',
    });
  }
  mkdirSync(downloads, { recursive: true, mode: 0o711 });
  const work = join(downloads, `work.${process.pid}`);
  try {
    await unpackInto(join(work, 'root'), { kinds, work, logFile: join(downloads, 'fetch.log') });
    publish(join(work, 'root'), join(downloads, kinds.join('-')));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} root
 * @param {{ kinds: ServerKind[], work: string, logFile: string }} job
 */
async function unpackInto(root, { kinds, work, logFile }) {
  const config = privateApt(work);
  const apt = (/** @type {string[]} */ args) => ({ file: '/usr/bin/apt-get', args: ['-c', config, '-q', ...args] });
  const told = { logFile, advice: OFFLINE };
  writeFileSync(logFile, '', { mode: 0o600 });
  // One source of several may be out of reach; what counts is whether the packages are known then.
  const unread = await runLogged(apt(['update']), { ...told, what: 'Reading the package lists' }).catch(
    (error) => error,
  );
  const packages = kinds.flatMap((kind) => packagesOf(kind, config, unread));
  const install = ['install', '-y', '--download-only', '--reinstall', '--no-install-recommends', ...packages];
  await runLogged(apt(install), { ...told, what: 'Downloading the servers' });
  mkdirSync(root, { mode: 0o755 });
  const archives = join(work, 'cache', 'archives');
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb') && !LEFT_OUT.test(file))) {
    const command = { file: '/usr/bin/dpkg-deb', args: ['-x', join(archives, name), root] };
    await runLogged(command, { logFile, what: `Unpacking ${name}` });
  }
  finish(root);
}

/**
 * Settings that keep apt's state to a folder of ours. Hooks of the system (which clear caches, say) are switched off.
 * @param {string} work
 * @returns {string} the file
 */
function privateApt(work) {
  for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(work, folder), { recursive: true });
  const config = join(work, 'apt.conf');
  const lines = [
    `Dir::State "${work}";`,
    `Dir::State::Lists "${work}/lists";`,
    'Dir::State::status "/var/lib/dpkg/status";',
    `Dir::Cache "${work}/cache";`,
    `Dir::Log "${work}";`,
    'Debug::NoLocking "1";',
    'Acquire::Retries "3";',
    'APT::Sandbox::User "root";',
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    '#clear DPkg::Pre-Install-Pkgs;',
    '#clear DPkg::Post-Invoke;',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return config;
}

/**
 * @param {ServerKind} kind
 * @param {string} config
 * @param {unknown} unread why the package lists are not complete, if so
 * @returns {string[]}
 * @throws {Failure} when this distribution's packages are too old
 */
function packagesOf(kind, config, unread) {
  const postgres = POSTGRES_MAJORS.map((major) => ({
    least: [major],
    names: [
      `postgresql-${major}`,
      `postgresql-client-${major}`,
      `postgresql-${major}-postgis-3`,
      `postgresql-${major}-postgis-3-scripts`,
    ],
  }));
  /** @type {Record<ServerKind, { least: number[], names: string[] }[]>} */
  const choices = {
    postgres,
    pgbouncer: [{ least: [1, 18], names: ['pgbouncer'] }],
    redis: [
      { least: [6, 2], names: ['redis-server', 'redis-tools'] },
      { least: [7], names: ['valkey-server', 'valkey-tools'] },
    ],
    nginx: [{ least: [1, 22], names: ['nginx'] }],
    mosquitto: [{ least: [2], names: ['mosquitto', 'mosquitto-clients'] }],
    influx: [{ least: [1, 6], names: ['influxdb-client'] }],
    influxd: [{ least: [1, 6], names: ['influxdb'] }],
    'victoria-metrics': [{ least: [1], names: ['victoria-metrics'] }],
    go: [{ least: [1, 19], names: ['golang-go', 'golang-github-jackc-pgx-v4-dev'] }],
  };
  const choice = choices[kind].find(
    ({ least, names }) => atLeast(candidate(names[0] ?? '', config), least) && names.every((n) => candidate(n, config)),
  );
  if (choice) return choice.names;
  if (unread) throw unread;
  throw new Failure(`This distribution has no ${kind} that is recent enough.`, {
    advice: 'Install one yourself (Debian 12 and Ubuntu 24.04 or later have it), or name a running one by its URL.',
  });
}

/**
 * @param {string} name
 * @param {string} config
 * @returns {string} the version apt would install, without epoch; empty when there is none
 */
function candidate(name, config) {
  const { stdout } = spawnSync('/usr/bin/apt-cache', ['-c', config, 'policy', name], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
  });
  return /Candidate: (?:\d+:)?(\d[\w.]*)/.exec(stdout)?.[1] ?? '';
}

/**
 * Does what the packages' own scripts would have done as far as it matters here, and drops what is never read.
 * @param {string} root
 */
function finish(root) {
  for (const name of UNUSED) rmSync(join(root, name), { recursive: true, force: true });
  const versions = join(root, 'usr/share/postgresql');
  if (!existsSync(versions)) return;
  for (const major of readdirSync(versions)) {
    const folder = join(versions, major, 'extension');
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder).filter((name) => name.endsWith('-3.control'))) {
      const plain = join(folder, file.replace('-3.control', '.control'));
      if (!existsSync(plain)) symlinkSync(file, plain);
    }
    rmSync(join(root, 'usr/lib/postgresql', major, 'lib/llvmjit.so'), { force: true });
    rmSync(join(root, 'usr/lib/postgresql', major, 'lib/bitcode'), { recursive: true, force: true });
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function publish(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another start was faster; what it unpacked is as good.
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
  }
}
