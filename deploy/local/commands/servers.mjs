import { bringUpStores } from '../bring-up.mjs';
import { environmentFile } from '../lib/environment.mjs';
import { readSettings } from '../lib/settings.mjs';
import { detach, hold } from './hold.mjs';

/** @import { Run } from '../main.mjs' */

/** @type {Run} */
export async function run(args, report) {
  const settings = readSettings(process.env);
  if (args.includes('--detach')) return detach(settings, report, 'servers');
  return hold(settings, report, async (stack) => {
    await bringUpStores(stack);
    stack.report.print(`\n  Ready. Load the URLs with: . ${environmentFile(stack.place.data)}`);
  });
}
