import { readDemo } from '../apps/cli.mjs';
import { bringUpAll, buildAll } from '../bring-up.mjs';
import { demoFile } from '../lib/environment.mjs';
import { table } from '../lib/report.mjs';
import { readExternal, readSettings } from '../lib/settings.mjs';
import { detach, hold } from './hold.mjs';

/** @import { Run } from '../main.mjs' */
/** @import { Stack } from '../stack.mjs' */

/** @type {Run} */
export async function run(args, report) {
  const settings = readSettings(process.env);
  settings.external = readExternal(process.env, settings.ports);
  if (args.includes('--detach')) return detach(settings, report, 'start');
  return hold(settings, report, async (stack) => {
    const began = performance.now();
    await buildAll(stack);
    await bringUpAll(stack, { simulator: true });
    welcome(stack, performance.now() - began);
  });
}

/**
 * Says where to look.
 * @param {Stack} stack
 * @param {number} tookMs
 */
function welcome({ env, place, report }, tookMs) {
  const url = env['HMS_BASE_URL'] ?? '';
  const demo = readDemo(place.data);
  report.print('');
  report.print(`  HMS is ready after ${(tookMs / 1000).toFixed(1)} s.`);
  report.print('');
  const places = [
    ['Start page', `${url}/`],
    ['API reference', `${url}/api/docs`],
    ['Over TLS', `${env['HMS_TLS_URL'] ?? ''}/ (self-signed)`],
    ...(demo ? [['Watch a ward', 'npm run hms -- watch']] : []),
    ['Mails', `${env['HMS_MAILBOX_URL']}/`],
    ['Status, logs', 'npm run status, npm run logs [service]'],
    ['Stop', 'Ctrl-C, or npm run stop'],
  ];
  for (const line of table(places)) report.print(`  ${line}`);
  for (const { name, slug, users } of demo?.hospitals ?? []) {
    report.print('');
    report.print(`  Demo logins of ${name} (${slug})`);
    for (const line of table(users.map((user) => [user.role, user.email, user.password]))) report.print(`    ${line}`);
  }
  if (demo) {
    report.print('');
    report.print('  Administrators, doctors and pharmacists also need a code: npm run -s hms -- demo code <email>');
    report.print(`  Gateway keys, devices and patients: ${demoFile(place.data)}`);
  }
}
