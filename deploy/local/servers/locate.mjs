import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Binary
 * @property {string} file
 * @property {string} version
 * @property {'system' | 'downloaded'} origin
 * @property {Record<string, string>} env what it needs to find its own libraries
 */

/** @typedef {'postgres' | 'pgbouncer' | 'redis' | 'nginx' | 'mosquitto' | 'influx' | PeerKind} ServerKind `influx` is a client, which tests use */

/** @typedef {'influxd' | 'victoria-metrics' | 'go'} PeerKind what the bench measures beside ingest; Go with pgx, to build one */

/** @typedef {Record<ServerKind, Binary>} Servers */

/** @typedef {{ path: string, origin: Binary['origin'], env: Record<string, string> }} Place where a tree of programs starts */

export const POSTGRES_MAJORS = [18, 17, 16, 15];
export const EXTENSIONS = ['postgis', 'btree_gist', 'pg_trgm', 'unaccent', 'citext', 'pg_stat_statements'];
const PGX = 'usr/share/gocode/src/github.com/jackc/pgx/v4';
const BIN_FOLDERS = ['usr/sbin', 'usr/bin', 'usr/local/sbin', 'usr/local/bin'];

/**
 * A program that comes with a server, in the same folder.
 * @param {Binary} binary
 * @param {string} name
 */
export const sibling = ({ file }, name) => join(dirname(file), name);

/**
 * The servers that are there and good enough: the system's own first, then those downloaded earlier.
 * @param {string} downloads
 * @returns {Partial<Servers>}
 */
export function locateServers(downloads) {
  /** @type {Partial<Servers>} */
  const found = {};
  for (const place of [{ path: '/', origin: /** @type {const} */ ('system'), env: {} }, ...downloaded(downloads)]) {
    for (const kind of /** @type {ServerKind[]} */ (Object.keys(FINDERS))) {
      if (found[kind]) continue;
      const binary = FINDERS[kind](place);
      if (binary) found[kind] = binary;
    }
  }
  return found;
}

/** @type {Record<ServerKind, (place: Place) => Binary | undefined>} */
const FINDERS = {
  postgres: findPostgres,
  pgbouncer: (place) => findProgram(place, ['pgbouncer'], { flag: '--version', least: [1, 18] }),
  redis: (place) => findProgram(place, ['redis-server', 'valkey-server'], { flag: '--version', least: [6, 2] }),
  nginx: (place) => findProgram(place, ['nginx'], { flag: '-v', least: [1, 22] }),
  // It knows no other way to be asked, and calls that a failure.
  mosquitto: (place) => findProgram(place, ['mosquitto'], { flag: '-h', least: [2], status: 3 }),
  influx: (place) => findProgram(place, ['influx'], { flag: '-version', least: [1, 6] }),
  // Version 2 is another product under the same name.
  influxd: (place) => findProgram(place, ['influxd'], { flag: 'version', least: [1, 6], below: [2] }),
  'victoria-metrics': findVictoriaMetrics,
  go: findGo,
};

/**
 * A PostgreSQL without the extensions the platform needs counts as absent.
 * @param {Place} place
 * @returns {Binary | undefined}
 */
function findPostgres(place) {
  const folders = POSTGRES_MAJORS.map((major) => join(place.path, `usr/lib/postgresql/${major}/bin`));
  for (const folder of [...folders, ...searchPath(place)]) {
    const file = join(folder, 'postgres');
    if (!isProgram(file) || !isProgram(join(folder, 'pg_basebackup'))) continue;
    const version = versionOf(file, '--version', place.env);
    if (!atLeast(version, [15])) continue;
    const share = output(join(folder, 'pg_config'), ['--sharedir'], place.env).trim();
    if (!EXTENSIONS.every((name) => existsSync(join(share, 'extension', `${name}.control`)))) continue;
    return { file, version, origin: place.origin, env: place.env };
  }
  return undefined;
}

/**
 * @param {Place} place
 * @param {string[]} names
 * @param {{ flag: string, least: number[], below?: number[], status?: number }} demand
 * @returns {Binary | undefined}
 */
function findProgram(place, names, { flag, least, below, status }) {
  for (const file of programs(place, names)) {
    const version = versionOf(file, flag, place.env, status);
    if (!atLeast(version, least) || (below && atLeast(version, below))) continue;
    return { file, version, origin: place.origin, env: place.env };
  }
  return undefined;
}

/**
 * Debian's does not know its own version.
 * @param {Place} place
 * @returns {Binary | undefined}
 */
function findVictoriaMetrics(place) {
  const file = programs(place, ['victoria-metrics', 'victoria-metrics-prod']).find(
    (one) => output(one, ['-version'], place.env) !== '',
  );
  if (file === undefined) return undefined;
  return { file, version: versionOf(file, '-version', place.env), origin: place.origin, env: place.env };
}

/**
 * Go without the sources of pgx beside it counts as absent: modules are fetched from nowhere.
 * @param {Place} place
 * @returns {Binary | undefined}
 */
function findGo(place) {
  const go = existsSync(join(place.path, PGX))
    ? findProgram(place, ['go'], { flag: 'version', least: [1, 19] })
    : undefined;
  return go && { ...go, env: { ...go.env, GOPATH: join(place.path, 'usr/share/gocode') } };
}

/**
 * @param {Place} place
 * @param {string[]} names
 * @returns {string[]}
 */
function programs(place, names) {
  const folders = [...BIN_FOLDERS.map((name) => join(place.path, name)), ...searchPath(place)];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).filter(isProgram);
}

/**
 * @param {string} folder
 * @returns {Place[]}
 */
function downloaded(folder) {
  if (!existsSync(folder)) return [];
  // Servers run as another account may not be able to follow the way there, only to enter where it leads.
  const real = realpathSync(folder);
  return readdirSync(real)
    .filter((name) => !name.includes('.'))
    .map((name) => join(real, name))
    .map((path) => ({ path, origin: /** @type {const} */ ('downloaded'), env: libraryEnvironment(path) }));
}

/**
 * @param {string} root
 * @returns {Record<string, string>}
 */
function libraryEnvironment(root) {
  const libraries = existsSync(join(root, 'usr/lib')) ? readdirSync(join(root, 'usr/lib')) : [];
  const triple = libraries.find((name) => name.endsWith('-linux-gnu')) ?? '';
  const folders = [
    `usr/lib/${triple}`,
    `lib/${triple}`,
    `usr/lib/${triple}/blas`,
    `usr/lib/${triple}/lapack`,
    'usr/lib',
  ];
  return {
    LD_LIBRARY_PATH: folders.map((folder) => join(root, folder)).join(':'),
    PROJ_DATA: join(root, 'usr/share/proj'),
    PROJ_LIB: join(root, 'usr/share/proj'),
    GDAL_DATA: join(root, 'usr/share/gdal'),
  };
}

/** @param {Place} place */
function searchPath(place) {
  return place.origin === 'system' ? (process.env['PATH'] ?? '').split(':').filter(Boolean) : [];
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @param {string} flag
 * @param {Record<string, string>} env
 * @param {number} [status] with which it ends
 * @returns {string} such as `15.12`; empty when the program does not run
 */
function versionOf(file, flag, env, status) {
  return /\d+(\.\d+)+/.exec(output(file, [flag], env, status))?.[0] ?? '';
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {number} [status]
 */
function output(file, args, env, status = 0) {
  const result = spawnSync(file, args, { encoding: 'utf8', env: { PATH: dirname(file), ...env }, timeout: 10_000 });
  return result.status === status ? `${result.stdout}${result.stderr}` : '';
}

/**
 * @param {string} version
 * @param {number[]} least
 */
export function atLeast(version, least) {
  if (!version) return false;
  const parts = version.split('.').map(Number);
  for (const [index, number] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}
