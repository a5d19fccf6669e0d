import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma as PublicPrisma, PrismaClient as PublicClient } from '../generated/public/client.js';
import { Prisma as TenantPrisma } from '../generated/tenant/client.js';
import type { HospitalRef } from '../hospital-ref.js';
import { createHospitals, dropHospitals, PATIENCE, url } from '../testing/scratch.js';
import { HospitalDatabase } from './hospital-database.js';

interface Delegate {
  findFirst(): Promise<unknown>;
}

let hospital: HospitalRef;
let db: HospitalDatabase;
let shared: PublicClient;

beforeAll(async () => {
  [hospital] = (await createHospitals(1)) as [HospitalRef];
  db = new HospitalDatabase({ url: url('DATABASE_URL'), poolSize: 1, onError: () => undefined });
  // The owner, because the application may not read every shared table.
  shared = new PublicClient({ adapter: new PrismaPg({ connectionString: url('DATABASE_DIRECT_URL'), max: 1 }) });
}, PATIENCE);
afterAll(async () => {
  await shared.$disconnect();
  await db.close();
  await dropHospitals([hospital.slug]);
}, PATIENCE);

const modelOf = (client: object, model: string): Delegate =>
  (client as Record<string, Delegate>)[`${model.charAt(0).toLowerCase()}${model.slice(1)}`]!;

describe('the generated clients fit what the migrations made', () => {
  it.each(Object.keys(TenantPrisma.ModelName))("hospital's model %s", async (model) => {
    await expect(db.readInHospital(hospital, (tx) => modelOf(tx, model).findFirst())).resolves.not.toBeUndefined();
  });

  it.each(Object.keys(PublicPrisma.ModelName))('shared model %s', async (model) => {
    await expect(modelOf(shared, model).findFirst()).resolves.not.toBeUndefined();
  });
});
