import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from '../lib/probe.mjs';
import { ROOT } from '../lib/settings.mjs';

/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Stack } from '../stack.mjs' */

/**
 * A real SMTP server that keeps every mail in the data folder instead of delivering it, and shows them over HTTP.
 * @param {Stack} stack
 * @returns {Service}
 */
export function mailService({ place }) {
  const { data, ports } = place;
  const folder = join(data, 'mail');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    name: 'mail',
    tier: 2,
    port: ports.mail,
    command: {
      file: process.execPath,
      args: [
        join(ROOT, 'deploy', 'local', 'mail', 'mail-server.mjs'),
        folder,
        String(ports.mail),
        String(ports.mailbox),
      ],
      env: {},
      cwd: data,
    },
    ready: () => answers(`http://127.0.0.1:${ports.mailbox}/mails`),
    stopSignals: ['SIGTERM'],
  };
}
