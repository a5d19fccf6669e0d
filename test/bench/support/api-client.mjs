import { randomUUID } from 'node:crypto';
import { cpuSeconds } from './cpu.mjs';
import { httpLoad } from './http-load.mjs';
import { connectOwner } from './vitals-table.mjs';

/** @import { OwnServer } from './own-server.mjs' */
/** @import { HttpLoad } from './http-load.mjs' */
/** @import { DemoHospital } from './stack.mjs' */

/** @typedef {{ rate: number, p50: number, p95: number, p99: number, cpuMicroseconds: number }} Run */

/**
 * @param {OwnServer} server
 * @param {Omit<HttpLoad, 'url'>} load
 * @param {string[]} faults
 * @returns {Promise<Run>} with the CPU time the server's process spent on each request
 */
export async function measure({ url, pid }, load, faults) {
  const before = cpuSeconds([pid]);
  const { requests, perSecond, latency, failures } = await httpLoad({ ...load, url });
  const spent = cpuSeconds([pid]) - before;
  for (const [status, count] of Object.entries(failures)) faults.push(`${count} requests were answered ${status}`);
  const { p50, p95, p99 } = latency;
  return { rate: perSecond, p50, p95, p99, cpuMicroseconds: (spent / requests) * 1e6 };
}

/** @type {(url: string, token: string) => Promise<string>} */
export async function text(url, token) {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/**
 * Signs in as a nurse, who may do all that is measured and needs no second factor.
 * @type {(url: string, hospital: DemoHospital) => Promise<string>}
 */
export async function signIn(url, { slug, users }) {
  const user = users.find((one) => one.role === 'nurse');
  const answer = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: user?.email, password: user?.password, hospital: slug }),
  });
  if (!answer.ok) throw new Error(`signing in to ${slug} failed with ${answer.status}`);
  const { accessToken } = /** @type {{ accessToken: string }} */ (await answer.json());
  return accessToken;
}

/**
 * @param {DemoHospital} hospital
 * @param {number} count
 * @returns {Promise<string[]>} their ids
 */
export async function createPatients({ slug }, count) {
  const owner = await connectOwner();
  const { rows } = await owner.query(
    `insert into hospital_${slug}.patient (id, mrn, family_name, given_name, phone, created_by, updated_by)
     select gen_random_uuid(), 'read-' || $1 || '-' || n, 'Bench', n::text, '+353 1 555 0100', $2, $2
       from generate_series(1, $3::int) n returning id`,
    [randomUUID().slice(0, 8), randomUUID(), count],
  );
  await owner.end();
  return rows.map(({ id }) => id);
}
