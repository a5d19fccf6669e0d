import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { emptyDataFolder } from '../lib/data-folder.mjs';
import { Failure } from '../lib/failure.mjs';
import { lockHolder } from '../lib/lock.mjs';
import { readSettings } from '../lib/settings.mjs';

/** @import { Run } from '../main.mjs' */

/** Deletes the data folder's content, after asking. @type {Run} */
export async function run(args, report) {
  const { data } = readSettings(process.env);
  if (!existsSync(data)) {
    report.print(`  There is no ${data}.`);
    return 0;
  }
  const holder = lockHolder(data);
  if (holder) {
    throw new Failure(`${data} is in use by pid ${holder.pid}.`, { advice: 'Stop it first: npm run stop' });
  }
  if (!args.includes('--yes') && !(await confirmed(data))) {
    report.print('  Nothing was deleted.');
    return 1;
  }
  emptyDataFolder(data);
  report.print(`  Deleted everything in ${data}, except downloaded servers.`);
  return 0;
}

/** @param {string} data */
async function confirmed(data) {
  if (!process.stdin.isTTY) {
    throw new Failure('There is nobody to ask.', { advice: 'Run it with --yes: npm run reset -- --yes' });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`  Delete all hospitals and secrets in ${data}? Type yes: `);
    return answer.trim() === 'yes';
  } finally {
    terminal.close();
  }
}
