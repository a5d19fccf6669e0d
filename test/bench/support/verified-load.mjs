import { runLoad } from './run-load.mjs';

/** @import { LoadOrder, LoadReport } from './load-process.mjs' */
/** @import { VitalsTable } from './vitals-table.mjs' */

/**
 * Loads ingest and counts afterwards that every reading it acknowledged is stored, once.
 * @param {VitalsTable} vitals emptied first
 * @param {LoadOrder} order
 * @returns {Promise<LoadReport & { faults: string[] }>}
 */
export async function verifiedLoad(vitals, order) {
  await vitals.reset();
  const report = await runLoad(order);
  const stored = await vitals.count();
  const faults = Object.entries(report.failures).map(([status, count]) => `${count} answers were ${status}`);
  if (stored !== report.acceptedInAll) faults.push(`${report.acceptedInAll} readings acked, ${stored} stored`);
  return { ...report, faults };
}
