import { randomUUID } from 'node:crypto';

/** @import pg from 'pg' */
/** @import { DemoHospital } from './stack.mjs' */

export const ENTITIES = ['patients', 'allergies', 'conditions', 'observations', 'notes'];

/** @typedef {{ url: string, token: string, device: string }} Phone */

/**
 * @typedef {object} Answer what a bench reads of an answer to `/sync`
 * @property {boolean} complete
 * @property {Record<string, string>} cursors
 * @property {Record<string, { put: Record<string, unknown>[] }>} changes
 */

/**
 * Phones of the nurse who signed in, registered by what is behind the service: it lets a person have 20.
 * @param {pg.Client} owner
 * @param {DemoHospital} hospital
 * @param {string} token
 * @param {number} count
 * @returns {Promise<string[]>}
 */
export async function addPhones(owner, { slug }, token, count) {
  const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const { rows } = await owner.query(
    `insert into sync.device (id, hospital_id, user_id, name, schema_version)
     select gen_random_uuid(), h.id, $2, 'Bench', 1 from public.hospital h, generate_series(1, $3::int) where h.slug = $1
     returning id`,
    [slug, sub, count],
  );
  return rows.map(({ id }) => id);
}

/**
 * All there is, page by page.
 * @param {Phone} phone
 * @returns {Promise<{ cursors: Record<string, string>, rows: Record<string, unknown>[], bytes: number }>} bytes as they went over the wire, encoded
 */
export async function firstSync({ url, token, device }) {
  /** @type {Record<string, string | null>} */
  let cursors = Object.fromEntries(ENTITIES.map((name) => [name, null]));
  /** @type {Record<string, unknown>[]} */
  const rows = [];
  let bytes = 0;
  for (let complete = false; !complete;) {
    const answer = await fetch(`${url}/sync`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ v: 1, schema: 1, device, ops: [], pull: { cursors } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`a pull was answered ${answer.status}: ${text}`);
    const body = /** @type {Answer} */ (JSON.parse(text));
    bytes += Buffer.byteLength(text);
    for (const { put } of Object.values(body.changes)) rows.push(...put);
    ({ complete, cursors } = body);
  }
  return { cursors: /** @type {Record<string, string>} */ (cursors), rows, bytes };
}

/** @type {(seq: number, patientId: string) => object} */
export function note(seq, patientId) {
  const patch = { patientId, kind: 'nursing', text: 'Seen, nothing new.' };
  const [op, id] = [uuid7(), uuid7()];
  return { seq, op, id, entity: 'notes', kind: 'create', patch, sv: 1, at: new Date().toISOString() };
}

export function uuid7() {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
