import type { ImportTally } from './import-run.js';

const count = (value: number): string => Math.round(value).toLocaleString('en');

/** One line that says how it goes. */
export function importLine(tally: ImportTally): string {
  const left = tally.secondsLeft;
  return [
    `${(tally.share * 100).toFixed(1)} %`,
    `${count(tally.rows)} rows`,
    `${count(tally.rowsPerSecond)}/s`,
    `rejected ${count(tally.rejected)}`,
    `${left === undefined ? '–' : duration(left)} left`,
  ].join(' · ');
}

/** @param importId undefined for a dry run */
export function importText(
  { rows, accepted, duplicates, unassigned, rejected, complete }: ImportTally,
  { importId, rejectsPath }: { importId: string | undefined; rejectsPath: string },
): string {
  const refused = rejected === 0 ? [] : [`  rejected   ${count(rejected)}, listed in ${rejectsPath}`];
  if (importId === undefined) {
    return [`Nothing was stored. Of ${count(rows)} rows:`, `  readable   ${count(accepted)}`, ...refused].join('\n');
  }
  return [
    complete
      ? `The import ${importId} is complete: ${count(rows)} rows.`
      : `The import ${importId} ended after ${count(rows)} rows; run it again to go on.`,
    `  stored     ${count(accepted)}, of which nobody wore the device of ${count(unassigned)}`,
    `  there      ${count(duplicates)} already`,
    ...refused,
  ].join('\n');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  return seconds < 5_400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
