#!/usr/bin/env node
import { Command } from 'commander';
import { registerAudit } from './audit/audit.command.js';
import { registerCodes } from './codes/codes.command.js';
import { registerDemo } from './demo/demo.command.js';
import { errorLine } from './error-line.js';
import { registerHl7Source } from './hl7-source/hl7-source.command.js';
import { registerHospital } from './hospital/hospital.command.js';
import { registerImport } from './import/import.command.js';
import { registerKeys } from './keys/keys.command.js';
import { registerLoad } from './load/load.command.js';
import { registerMigrate } from './migrate/migrate.command.js';
import { registerOutbox } from './outbox/outbox.command.js';
import { registerSimulate } from './simulate/simulate.command.js';
import { registerSync } from './sync/sync.command.js';
import { registerUser } from './user/user.command.js';
import { registerWatch } from './watch/watch.command.js';

const program = new Command('hms')
  .description('Operates the hospital platform.')
  .showHelpAfterError('Try --help.')
  .configureHelp({ showGlobalOptions: true });

registerMigrate(program);
registerHospital(program);
registerHl7Source(program);
registerUser(program);
registerKeys(program);
registerAudit(program);
registerCodes(program);
registerDemo(program);
registerOutbox(program);
registerSync(program);
registerSimulate(program);
registerLoad(program);
registerImport(program);
registerWatch(program);

try {
  await program.parseAsync();
} catch (err) {
  process.stderr.write(`hms: ${errorLine(err)}\n`);
  if (process.env['HMS_DEBUG'] !== undefined && err instanceof Error) process.stderr.write(`${err.stack ?? ''}\n`);
  process.exitCode = 1;
}
