import { describe, expect, it } from '@jest/globals';
import { shellVariables } from './demo-env.command.js';
import type { DemoFile, DemoHospital } from './demo-file.js';

const ward = '01890000-0000-7000-8000-000000000001';
const patient = '01890000-0000-7000-8000-000000000002';
const hospital: DemoHospital = {
  ...{ id: ward, slug: 'st-mary', name: 'St Mary', timezone: 'UTC', currency: 'EUR' },
  users: [
    { role: 'doctor', email: 'doctor@example.org', password: 'x' },
    { role: 'nurse', email: 'nurse@example.org', password: `it's` },
  ],
  ...{ gatewayKey: 'dk_1', wards: [{ id: ward, name: 'A' }], patients: [] },
  devices: [{ id: 'MON-1', patientId: patient, wardId: ward }],
};
const demo: DemoFile = {
  ...{ baseUrl: 'http://127.0.0.1:8080', databaseUrl: '', databaseDirectUrl: '', redisUrl: '' },
  hospitals: [hospital],
};

describe('the demo as shell variables', () => {
  it('is its first hospital, a nurse and a device of it, each quoted', () => {
    expect(shellVariables(demo).split('\n')).toEqual([
      `HMS='http://127.0.0.1:8080'`,
      `HOSPITAL='st-mary'`,
      `EMAIL='nurse@example.org'`,
      `PASSWORD='it'\\''s'`,
      `GATEWAY_KEY='dk_1'`,
      `DEVICE='MON-1'`,
      `PATIENT='${patient}'`,
      `WARD='${ward}'`,
      '',
    ]);
  });

  it('lacks something without a nurse or a device', () => {
    expect(() => shellVariables({ ...demo, hospitals: [{ ...hospital, devices: [] }] })).toThrow(/no device/);
  });
});
