import { copyFileSync, statSync, truncateSync } from 'node:fs';

const LARGEST_BYTES = 20 * 1024 * 1024;

/**
 * Moves a log's content to `<file>.1` once it is larger than allowed. Its writer appends, so it carries on at the start.
 * @param {string} file
 * @param {number} [largest] bytes
 */
export function limitLog(file, largest = LARGEST_BYTES) {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= largest) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}
