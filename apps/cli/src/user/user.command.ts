import { withOwner } from '@hms/database';
import type { Command } from 'commander';
import { OperatorAudit } from '../audit/operator-audit.js';
import { ownerUrl } from '../config.js';
import { accountLine, createSuperAdmin } from './accounts.js';
import { email } from './email.js';

export function registerUser(program: Command): void {
  program
    .command('user')
    .description('Create the users who create all others.')
    .command('create-super-admin')
    .description('Create a user who may manage every hospital; the password is printed once.')
    .requiredOption('--email <email>', 'their e-mail address', email)
    .action(async (options: { email: string }) => {
      const audit = OperatorAudit.open(process.env);
      const account = await withOwner(ownerUrl(process.env), (owner) => createSuperAdmin(owner, audit, options.email));
      process.stdout.write(`${accountLine(account)}\n`);
    });
}
