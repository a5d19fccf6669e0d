import { readFileSync } from 'node:fs';

/**
 * @typedef {object} DemoHospital
 * @property {string} slug
 * @property {{ role: string, email: string, password: string }[]} users
 * @property {string} gatewayKey
 * @property {{ id: string, name: string }[]} wards
 * @property {{ id: string, patientId: string, wardId: string }[]} devices
 */

/**
 * @param {string} name
 * @returns {string}
 */
export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: run the benchmarks through npm run bench`);
  return value;
}

/** @returns {[DemoHospital, ...DemoHospital[]]} */
export const demoHospitals = () => JSON.parse(readFileSync(required('HMS_DEMO_FILE'), 'utf8')).hospitals;

/**
 * Process ids of the services, by kind: the processes behind `api` and `api-2` are both `api`.
 * @returns {Map<string, number[]>}
 */
export function servicePids() {
  /** @type {{ services: { name: string, pid?: number }[] }} */
  const { services } = JSON.parse(readFileSync(required('HMS_STATE_FILE'), 'utf8'));
  /** @type {Map<string, number[]>} */
  const pids = new Map();
  for (const { name, pid } of services) {
    if (pid === undefined) continue;
    const kind = name.replace(/-\d+$/, '');
    pids.set(kind, [...(pids.get(kind) ?? []), pid]);
  }
  return pids;
}
