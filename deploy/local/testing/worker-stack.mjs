import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { parseEnvironment } from '../lib/environment.mjs';

/** Files that stop servers or count rows need a stack to themselves: each of Jest's workers has one of its own. */
const [first, ...others] = (process.env['HMS_TEST_STACKS'] ?? '').split(delimiter).filter(Boolean);
const worker = Number(process.env['JEST_WORKER_ID'] ?? 1);
if (first && worker > 1) {
  const own = others[worker - 2];
  if (!own) throw new Error(`worker ${worker} has no stack of its own`);
  const read = (/** @type {string} */ file) => parseEnvironment(readFileSync(file, 'utf8'));
  for (const name of Object.keys(read(first))) delete process.env[name];
  Object.assign(process.env, read(own));
}
