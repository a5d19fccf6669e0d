import { rotateKeys, signerOf, isRetired, type KeyFile, type SigningKey } from '@hms/auth';
import { withOwner } from '@hms/database';
import type { Command } from 'commander';
import { OperatorAudit } from '../audit/operator-audit.js';
import { ownerUrl } from '../config.js';
import { registerEncryptionKeys } from './encryption-keys.command.js';
import { changeKeyFile, readKeyFile } from './key-file-store.js';

interface KeysOptions {
  readonly file: string;
}

export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('The keys that sign access tokens, and those that encrypt fields.');
  registerEncryptionKeys(keys);
  const file = ['--file <path>', 'the key file', process.env['AUTH_KEYS_FILE']] as const;
  keys
    .command('list')
    .description('Print the keys, never their secrets.')
    .requiredOption(...file)
    .action(async (options: KeysOptions) => {
      process.stdout.write(describeKeys(await readKeyFile(options.file), new Date()));
    });
  keys
    .command('rotate')
    .description('Add a key that signs in a minute and retire those before once their last token is over.')
    .requiredOption(...file)
    .action(async (options: KeysOptions) => {
      const now = new Date();
      const audit = OperatorAudit.open(process.env);
      const deed = { action: 'execute', entity: 'signing-key', entityIds: [], operation: 'hms keys rotate' } as const;
      await withOwner(ownerUrl(process.env), (owner) => audit.record(owner, deed));
      const rotated = await changeKeyFile(options.file, (before) => rotateKeys(before, now));
      process.stdout.write(describeKeys(rotated, now));
    });
}

/** One key a line. */
export function describeKeys({ signingKeys }: KeyFile, now: Date): string {
  const signer = signerOf(signingKeys, now);
  return signingKeys.map((key) => `${key.kid}  ${stateOf(key, key === signer, now)}\n`).join('');
}

function stateOf(key: SigningKey, signs: boolean, now: Date): string {
  const { activeFrom, retireAt } = key;
  if (isRetired(key, now)) return 'retired';
  const until = retireAt ? `, retires ${retireAt.toISOString()}` : '';
  if (activeFrom && activeFrom > now) return `verifies, signs from ${activeFrom.toISOString()}${until}`;
  return `${signs ? 'signs' : 'verifies'}${until}`;
}
