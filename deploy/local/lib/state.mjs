import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './files.mjs';

/** @import { ServiceStatus } from './supervisor.mjs' */

/**
 * @typedef {object} StackState
 * @property {number} pid of the supervisor
 * @property {string} startedAt RFC 3339
 * @property {boolean} ready
 * @property {string} baseUrl
 * @property {ServiceStatus[]} services
 */

/** @param {string} data */
export const stateFile = (data) => join(data, 'state.json');

/**
 * @param {string} data
 * @param {StackState} state
 */
export function writeState(data, state) {
  writePrivate(stateFile(data), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * @param {string} data
 * @returns {StackState | null} what a supervisor last wrote, which may be gone
 */
export function readState(data) {
  try {
    return JSON.parse(readFileSync(stateFile(data), 'utf8'));
  } catch {
    return null;
  }
}
