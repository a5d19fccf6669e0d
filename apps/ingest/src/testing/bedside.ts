import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { type TestDevice, type TestGateway, TestHospital } from './test-hospital.js';
import { TestIngest, type TestIngestOptions } from './test-ingest.js';

export interface Bedside {
  readonly ingest: TestIngest;
  readonly hospital: TestHospital;
  readonly gateway: TestGateway;
  /** On a patient, and another one in each test. */
  readonly device: TestDevice;
}

/** The service and a hospital of one test file's own, with a gateway, whose members are there once its tests run. */
export function useBedside(options: () => TestIngestOptions | Promise<TestIngestOptions> = () => ({})): Bedside {
  let ingest: TestIngest;
  let hospital: TestHospital;
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    hospital = await TestHospital.create();
    gateway = await hospital.addGateway();
    ingest = await TestIngest.start(await options());
  }, 60_000);
  afterAll(async () => {
    await ingest.stop();
    await hospital.drop();
  });
  beforeEach(async () => {
    [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
  });
  return {
    get ingest() {
      return ingest;
    },
    get hospital() {
      return hospital;
    },
    get gateway() {
      return gateway;
    },
    get device() {
      return device;
    },
  };
}
