import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Response } from 'undici';
import { startPouchdbServer } from '../support/own-server.mjs';
import { required } from '../support/stack.mjs';

const PACKAGES = {
  express: '4.21.2',
  'express-pouchdb': '4.2.0',
  'pouchdb-adapter-http': '9.0.0',
  'pouchdb-adapter-memory': '9.0.0',
  'pouchdb-core': '9.0.0',
  'pouchdb-mapreduce': '9.0.0',
  'pouchdb-replication': '9.0.0',
};
const SET = 1_000;

/** @typedef {{ seconds: number, bytes: number, requests: number }} Replicated bytes as they went over the wire, encoded */

/**
 * A first replication by CouchDB's protocol, from PouchDB's server to PouchDB, both in memory: without accounts, rules of who
 * may see what, or a disk.
 * @param {readonly Record<string, unknown>[]} rows each with an `id`
 * @returns {Promise<Replicated | { missing: string }>} why, in a sentence, where PouchDB cannot be had
 */
export async function replicateWithPouchdb(rows) {
  const folder = join(required('HMS_SERVERS'), 'pouchdb');
  try {
    await install(folder);
  } catch (error) {
    return { missing: `PouchDB cannot be had: ${error instanceof Error ? error.message.split('\n')[0] : error}` };
  }
  const server = await startPouchdbServer(folder);
  try {
    return await replicate(folder, server.url, rows);
  } finally {
    server.stop();
  }
}

/** Once; from then on it is there. @param {string} folder */
async function install(folder) {
  if (existsSync(join(folder, 'node_modules', 'express-pouchdb'))) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: PACKAGES }));
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
}

/**
 * @param {string} folder
 * @param {string} url
 * @param {readonly Record<string, unknown>[]} rows
 * @returns {Promise<Replicated>}
 */
async function replicate(folder, url, rows) {
  const require = createRequire(join(folder, 'package.json'));
  const PouchDB = ['adapter-memory', 'adapter-http', 'replication'].reduce(
    (made, part) => made.plugin(require(`pouchdb-${part}`)),
    require('pouchdb-core'),
  );
  let [bytes, requests] = [0, 0];
  const counting = async (/** @type {string} */ target, /** @type {RequestInit} */ options) => {
    const answer = await PouchDB.fetch(target, options);
    const body = await answer.arrayBuffer();
    bytes += body.byteLength;
    requests++;
    return new Response(body, {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') },
    });
  };
  const remote = new PouchDB(`${url}/rows`, { fetch: counting });
  const documents = rows.map(documentOf);
  for (let at = 0; at < documents.length; at += SET) await remote.bulkDocs(documents.slice(at, at + SET));
  [bytes, requests] = [0, 0];
  const began = performance.now();
  const { docs_written: written } = await new PouchDB('phone', { adapter: 'memory' }).replicate.from(remote, {
    batch_size: SET,
  });
  if (written !== rows.length) throw new Error(`PouchDB replicated ${written} of ${rows.length} documents`);
  return { seconds: (performance.now() - began) / 1_000, bytes, requests };
}

/** What begins with an underscore is CouchDB's own. @param {Record<string, unknown>} row */
const documentOf = ({ id, ...row }) => ({
  _id: id,
  ...Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_'))),
});
