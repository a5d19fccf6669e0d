import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { give } from './account.mjs';

/** @import { Account } from './account.mjs' */

/**
 * Replaces a file at once: a reader sees the old content or the new, never half.
 * @param {string} path
 * @param {string} content
 * @param {Account | null} [account] its owner; the mode is always 0600
 */
export function writePrivate(path, content, account = null) {
  const next = `${path}.${process.pid}.new`;
  const descriptor = openSync(next, 'w', 0o600);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  give(next, account);
  renameSync(next, path);
}
