import { readFileSync } from 'node:fs';

/** The running stack, as `npm test` hands it to the tests. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: run the acceptance tests through npm test`);
  return value;
}

export interface DemoUser {
  readonly role: string;
  readonly email: string;
  readonly password: string;
  readonly totpSecret?: string;
}

export interface DemoHospital {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly users: readonly DemoUser[];
  readonly gatewayKey: string;
  readonly wards: readonly { readonly id: string; readonly name: string }[];
  readonly devices: readonly { readonly id: string; readonly patientId: string; readonly wardId: string }[];
  readonly patients: readonly { readonly id: string; readonly mrn: string; readonly name: string }[];
}

export interface Demo {
  readonly baseUrl: string;
  readonly hospitals: readonly [DemoHospital, DemoHospital];
}

export const baseUrl = required('HMS_BASE_URL');
export const demo = JSON.parse(readFileSync(required('HMS_DEMO_FILE'), 'utf8')) as Demo;
export const [hospitalA, hospitalB] = demo.hospitals;

export const firstDevice = (hospital: DemoHospital): DemoHospital['devices'][number] => {
  const [device] = hospital.devices;
  if (!device) throw new Error(`${hospital.slug} has no device in the demo`);
  return device;
};
