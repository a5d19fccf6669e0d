import { runLoad } from './run-load.mjs';

/** @import { LoadOrder } from './load-process.mjs' */
/** @import { LoadSummary } from './run-load.mjs' */

/**
 * @typedef {object} Counted what ingest writes into, seen from beside it
 * @property {() => Promise<void>} reset to be called before a run
 * @property {() => Promise<number>} count readings stored since then
 */

/**
 * Loads ingest and counts afterwards that every reading it acknowledged is stored, once.
 * @param {Counted} vitals
 * @param {LoadOrder} order
 * @returns {Promise<LoadSummary & { faults: string[] }>}
 */
export async function verifiedLoad(vitals, order) {
  await vitals.reset();
  const summary = await runLoad(order);
  const stored = await vitals.count();
  const faults = Object.entries(summary.failures).map(([status, count]) => `${count} answers were ${status}`);
  if (stored !== summary.acceptedInAll) faults.push(`${summary.acceptedInAll} readings acked, ${stored} stored`);
  return { ...summary, faults };
}
