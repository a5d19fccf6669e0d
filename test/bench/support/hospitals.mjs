import { execFile } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { furnish } from './furnish.mjs';

/** @import pg from 'pg' */
/** @import { Fleet } from './fleet.mjs' */

const program = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));
const run = promisify(execFile);
const AT_ONCE = 3;

/**
 * Opens hospitals as an operator does, each with one gateway and its monitors.
 * @param {pg.Client} owner
 * @param {{ count: number, devicesEach: number, progress: (done: number) => void }} wanted
 * @returns {Promise<Fleet[]>}
 */
export async function openHospitals(owner, { count, devicesEach, progress }) {
  const prefix = `bench_${randomUUID().slice(0, 8)}`;
  const slugs = Array.from({ length: count }, (_, i) => `${prefix}_${i}`);
  const left = [...slugs];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let slug = left.pop(); slug !== undefined; slug = left.pop()) {
        await create(slug);
        progress(count - left.length);
      }
    }),
  );
  /** @type {Fleet[]} */
  const opened = [];
  for (const slug of slugs) {
    const schema = `hospital_${slug}`;
    const { gatewayId, gatewayKey } = await addGateway(owner, slug);
    opened.push({ schema, gatewayKey, ...(await furnish(owner, { schema, gatewayId, count: devicesEach })) });
  }
  return opened;
}

/** @param {string} slug */
async function create(slug) {
  const details = ['--name', `Bench ${slug}`, '--country', 'KE', '--currency', 'KES', '--timezone', 'Africa/Nairobi'];
  await run(process.execPath, [program, 'hospital', 'create', slug, ...details]);
}

/**
 * @param {pg.Client} owner
 * @param {string} slug
 */
async function addGateway(owner, slug) {
  const secret = randomBytes(32).toString('base64url');
  const keyId = randomBytes(6).toString('hex');
  const { rows } = await owner.query(
    `with added as (
       insert into public.gateway (id, hospital_id, name)
       select gen_random_uuid(), id, 'Bench' from public.hospital where slug = $1 returning id, hospital_id)
     insert into public.gateway_key (key_id, hospital_id, gateway_id, secret_hash)
     select $2, hospital_id, id, $3 from added returning gateway_id as id`,
    [slug, keyId, createHash('sha256').update(secret).digest()],
  );
  return { gatewayId: rows[0].id, gatewayKey: `dk_${keyId}_${secret}` };
}
