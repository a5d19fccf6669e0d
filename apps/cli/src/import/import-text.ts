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
  { rows, accepted, duplicates, unassigned, rejected, leftOut, complete }: ImportTally,
  { importId, rejectsPath }: { importId: string | undefined; rejectsPath: string },
): string {
  const rest = [
    ...(rejected === 0 ? [] : [`  rejected   ${count(rejected)}, listed in ${rejectsPath}`]),
    ...(leftOut === 0 ? [] : [`  left out   ${count(leftOut)} that are no vital signs of HMS`]),
  ];
  if (importId === undefined) {
    return [`Nothing was stored. Of ${count(rows)} rows:`, `  readable   ${count(accepted)}`, ...rest].join('\n');
  }
  return [
    complete
      ? `The import ${importId} is complete: ${count(rows)} rows.`
      : `The import ${importId} ended after ${count(rows)} rows; run it again to go on.`,
    `  stored     ${count(accepted)}${unassigned === 0 ? '' : `, of which nobody wore the device of ${count(unassigned)}`}`,
    `  there      ${count(duplicates)} already`,
    ...rest,
  ].join('\n');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  return seconds < 5_400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
