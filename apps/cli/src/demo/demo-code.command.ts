import { OperatorError } from '@hms/database';
import type { Command } from 'commander';
import { generateSync } from 'otplib';
import { requireDemoFile } from './demo-file.js';

export function registerDemoCode(demo: Command): void {
  demo
    .command('code <email>')
    .description("Print what a demo user's authenticator shows now; a code counts once.")
    .requiredOption('--demo <file>', 'the demo file', process.env['HMS_DEMO_FILE'])
    .action(async (email: string, options: { demo: string }) => {
      const { hospitals } = await requireDemoFile(options.demo);
      const user = hospitals.flatMap(({ users }) => users).find((one) => one.email === email);
      if (!user) throw new OperatorError(`The demo has no user ${email}.`);
      if (user.totpSecret === undefined) throw new OperatorError(`${email} signs in without a code.`);
      process.stdout.write(`${generateSync({ secret: user.totpSecret })}\n`);
    });
}
