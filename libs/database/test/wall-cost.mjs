/**
 * What the wall costs a read: single-row reads by primary key through PgBouncer on one connection, all ways in turn.
 *
 *   DATABASE_URL=… DATABASE_DIRECT_URL=… node libs/database/test/wall-cost.mjs [reads per way]
 *
 * Wants a built libs/database and at least one hospital.
 */
import { PrismaPg } from '@prisma/adapter-pg';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { PrismaClient } from '../dist/generated/tenant/client.js';
import { HospitalDatabase, listHospitals, schemaOf, withOwner } from '../dist/index.js';

const reads = Number(process.argv[2] ?? 4000);
const { DATABASE_URL: url, DATABASE_DIRECT_URL: direct } = process.env;
const [hospital] = await withOwner(direct, listHospitals);
const schema = schemaOf(hospital.slug);

// Without a wall the login needs rights of its own, so the owner reads, through the same pooler.
const { username, password } = new URL(direct);
const connectionString = Object.assign(new URL(url), { username, password }).href;
const bare = new pg.Pool({ connectionString, max: 1 });
const open = new PrismaClient({ adapter: new PrismaPg({ connectionString, max: 1 }, { schema }) });
const walled = new HospitalDatabase({ url, poolSize: 1, onError: (err) => console.error(err) });
const where = { id: randomUUID() };

const ways = {
  'pg, no wall': () => bare.query(`select id, code from ${schema}.ward where id = $1`, [where.id]),
  'Prisma, no wall': () => open.ward.findUnique({ where }),
  'Prisma in a plain transaction, no wall': () => open.$transaction((tx) => tx.ward.findUnique({ where })),
  'readInHospital, one read': () => walled.readInHospital(hospital, (tx) => tx.ward.findUnique({ where })),
  'readInHospital, five reads': () =>
    walled.readInHospital(hospital, async (tx) => {
      for (let n = 0; n < 5; n += 1) await tx.ward.findUnique({ where });
    }),
};

const times = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
for (let round = -200; round < reads; round += 1) {
  for (const [way, read] of Object.entries(ways)) {
    const start = performance.now();
    await read();
    if (round >= 0) times[way].push((performance.now() - start) * 1000);
  }
}
for (const [way, all] of Object.entries(times)) {
  all.sort((a, b) => a - b);
  const at = (share) => all[Math.floor(all.length * share)].toFixed(0).padStart(6);
  console.log(`${way.padEnd(40)} p50 ${at(0.5)} µs   p95 ${at(0.95)} µs`);
}
await Promise.all([walled.close(), open.$disconnect(), bare.end()]);
