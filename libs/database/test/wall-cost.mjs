/**
 * What the wall costs a read: medians of single-row reads through PgBouncer, one connection, ways interleaved.
 *
 *   DATABASE_URL=… DATABASE_DIRECT_URL=… node libs/database/test/wall-cost.mjs [reads per way, 4000]
 */
import { PrismaPg } from '@prisma/adapter-pg';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { HospitalDatabase, hospitalRef, withOwner } from '../dist/index.js';
import { PrismaClient } from '../dist/generated/tenant/client.js';

const reads = Number(process.argv[2] ?? 4000);
const { DATABASE_URL: url, DATABASE_DIRECT_URL: direct } = process.env;
const hospital = hospitalRef(
  await withOwner(direct, async (owner) => (await owner.query('select id, slug from public.hospital limit 1')).rows[0]),
);
const schema = `hospital_${hospital.slug}`;

// The way without a wall needs a login with rights on every hospital: the owner, on the same pooler.
const unwalledUrl = Object.assign(new URL(url), {
  username: new URL(direct).username,
  password: new URL(direct).password,
});
const unwalled = new PrismaClient({
  adapter: new PrismaPg({ connectionString: unwalledUrl.href, max: 1 }, { schema }),
});
const walled = new HospitalDatabase({ url, poolSize: 1, onError: (err) => console.error(err) });
const bare = new pg.Pool({ connectionString: unwalledUrl.href, max: 1 });
const id = randomUUID();

const ways = {
  'pg, one statement': () => bare.query(`select id, code from ${schema}.ward where id = $1`, [id]),
  'Prisma findUnique, no wall': () => unwalled.ward.findUnique({ where: { id } }),
  'Prisma findUnique in a plain transaction': () =>
    unwalled.$transaction((tx) => tx.ward.findUnique({ where: { id } })),
  'readInHospital, one findUnique': () =>
    walled.readInHospital(hospital, (tx) => tx.ward.findUnique({ where: { id } })),
  'readInHospital, five findUnique': () =>
    walled.readInHospital(hospital, async (tx) => {
      for (let n = 0; n < 5; n += 1) await tx.ward.findUnique({ where: { id } });
    }),
};

const times = new Map(Object.keys(ways).map((name) => [name, []]));
for (let round = -200; round < reads; round += 1) {
  for (const [name, read] of Object.entries(ways)) {
    const start = process.hrtime.bigint();
    await read();
    if (round >= 0) times.get(name).push(Number(process.hrtime.bigint() - start) / 1000);
  }
}
for (const [name, all] of times) {
  all.sort((a, b) => a - b);
  const at = (share) => String(Math.round(all[Math.floor(all.length * share)])).padStart(6);
  console.log(`${name.padEnd(42)} p50 ${at(0.5)} µs   p95 ${at(0.95)} µs`);
}
await Promise.all([walled.close(), unwalled.$disconnect(), bare.end()]);
