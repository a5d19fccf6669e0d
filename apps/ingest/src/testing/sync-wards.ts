import { afterAll, beforeAll } from '@jest/globals';
import type { HospitalRole } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import { TestHospital } from './test-hospital.js';
import type { TestIngest, TestIngestOptions } from './test-ingest.js';
import { TestPhone, TestSync } from './test-sync.js';

export interface SyncWards {
  readonly sync: TestSync;
  readonly ingest: TestIngest;
  readonly hospital: TestHospital;
  /** Beside the ward every test hospital has. */
  readonly otherWard: string;
  /** A registered phone of a user who works on these wards, or in the whole hospital. */
  readonly phone: (wardIds?: readonly string[], role?: HospitalRole) => Promise<TestPhone>;
  /** That of a doctor who may delete patients too. */
  readonly adminPhone: () => Promise<TestPhone>;
  /** A patient who lies on the ward. */
  readonly patient: (wardId?: string) => Promise<string>;
}

/** A service that syncs and a hospital of two wards, of one test file's own, which are there once its tests run. */
export function useSyncWards(options: TestIngestOptions = {}): SyncWards {
  let sync: TestSync;
  let ingest: TestIngest;
  let hospital: TestHospital;
  const otherWard = uuidv7();
  beforeAll(async () => {
    sync = await TestSync.open();
    hospital = await TestHospital.create();
    await hospital.rows(`insert into {schema}.ward (id, code, name) values ($1, 'W2', 'Ward 2')`, [otherWard]);
    ingest = await sync.start(options);
  }, 60_000);
  afterAll(async () => {
    await ingest.stop();
    sync.close();
    await hospital.drop();
  });
  return {
    get sync() {
      return sync;
    },
    get ingest() {
      return ingest;
    },
    get hospital() {
      return hospital;
    },
    otherWard,
    phone: async (wardIds = [], role = 'doctor') => {
      const one = new TestPhone(ingest, await sync.addUser(hospital, role, wardIds));
      await one.register();
      return one;
    },
    adminPhone: async () => {
      const user = await sync.addUser(hospital, 'doctor');
      await hospital.rows(
        `insert into public.membership (id, user_id, hospital_id, role) values ($1, $2, $3, 'hospital_admin')`,
        [uuidv7(), user.userId, hospital.hospital.id],
      );
      // Sessions of devices are not for those who administer.
      await hospital.rows(`update public.session set kind = 'web' where id = $1`, [user.sessionId]);
      const one = new TestPhone(ingest, user);
      await one.register();
      return one;
    },
    patient: async (wardId = hospital.wardId) => {
      const id = await hospital.addPatient();
      await hospital.rows('update {schema}.patient set ward_id = $2 where id = $1', [id, wardId]);
      return id;
    },
  };
}
