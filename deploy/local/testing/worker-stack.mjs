import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { parseEnvironment } from '../lib/environment.mjs';

/** Files that stop servers or count rows need a stack to themselves: each of Jest's workers has one of its own. */
const stacks = (process.env['HMS_TEST_STACKS'] ?? '').split(delimiter);
const own = stacks[Number(process.env['JEST_WORKER_ID'] ?? 1) - 1];
if (own) Object.assign(process.env, parseEnvironment(readFileSync(own, 'utf8')));
