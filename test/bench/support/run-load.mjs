import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @import { LoadOrder, LoadReport } from './load-process.mjs' */

const program = fileURLToPath(new URL('./load-process.mjs', import.meta.url));

/**
 * Runs a generator in a process of its own.
 * @param {LoadOrder} order
 * @returns {Promise<LoadReport>}
 */
export function runLoad(order) {
  const child = fork(program);
  child.send(order);
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(/** @type {LoadReport} */ (report)));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the load generator ended with code ${code}`)));
  });
}
