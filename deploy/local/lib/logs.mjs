import { closeSync, copyFileSync, openSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { give } from './account.mjs';

/** @import { Account } from './account.mjs' */

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

/**
 * Bounds every log in a folder.
 * @param {string} folder
 */
export function limitLogs(folder) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log'))) limitLog(join(folder, name));
}

/**
 * Makes a log that a server opens by itself.
 * @param {string} file
 * @param {Account | null} account its writer
 * @returns {string} the file
 */
export function touchLog(file, account) {
  closeSync(openSync(file, 'a', 0o600));
  give(file, account);
  return file;
}
