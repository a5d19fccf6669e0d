import { runLoad } from './run-load.mjs';

/** @import { LoadOrder } from './load-process.mjs' */
/** @import { LoadSummary } from './run-load.mjs' */
/** @import { VitalsTable } from './vitals-table.mjs' */

/**
 * Loads ingest and counts afterwards that every reading it acknowledged is stored, once.
 * @param {VitalsTable} vitals emptied first
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
