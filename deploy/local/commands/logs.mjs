import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../lib/failure.mjs';
import { readSettings } from '../lib/settings.mjs';

/** @import { Run } from '../main.mjs' */

/** Shows the end of one log, or of all, and what is added from now on. @type {Run} */
export async function run(args) {
  const folder = join(readSettings(process.env).data, 'log');
  const known = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.log')) : [];
  const [service] = args;
  const wanted = service ? known.filter((name) => name === `${service}.log`) : known;
  if (wanted.length === 0) {
    const names = known.map((name) => name.slice(0, -'.log'.length)).join(', ');
    throw new Failure(service ? `There is no log of ${service}.` : `There are no logs in ${folder}.`, {
      advice: names ? `Known are: ${names}.` : 'Start something first: npm start',
    });
  }
  const tail = spawn('tail', ['-n', '40', '-F', ...wanted], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  // Ctrl-C ends tail; this process only passes its end on.
  process.on('SIGINT', () => {});
  return new Promise((resolve, reject) => {
    tail.once('error', reject);
    tail.once('exit', (code) => resolve(code ?? 0));
  });
}
