import { type HospitalSlug, listHospitals, OperatorError, withOwner } from '@hms/database';
import {
  type KeyProvider,
  KeyProviderError,
  openKeyProvider,
  readKeySource,
  rotateDataKeys,
  rotateKeyEncryption,
  type RotatedScope,
} from '@hms/encryption';
import type { Command } from 'commander';
import type pg from 'pg';
import { OperatorAudit } from '../audit/operator-audit.js';
import { ownerUrl } from '../config.js';
import { existingSlug } from '../hospital/existing-slug.js';

/** Adds the rotation of encryption keys to `hms keys`. */
export function registerEncryptionKeys(keys: Command): void {
  keys
    .command('rotate-encryption')
    .description('Wrap every data key by a new key-encryption key; repeat it to finish an interrupted run.')
    .action(() => withKeys('hms keys rotate-encryption', rotateEncryption));
  keys
    .command('rotate-data')
    .description('Seal all encrypted values under new data keys, in about two minutes plus 1 s for 5,000 values.')
    .option('--hospital <slug>', "only this hospital's, otherwise everything", existingSlug)
    .action(({ hospital }: { hospital?: HospitalSlug }) =>
      withKeys('hms keys rotate-data', (owner, provider) => rotateData(owner, provider, hospital)),
    );
}

async function withKeys(
  operation: string,
  work: (owner: pg.Client, provider: KeyProvider) => Promise<void>,
): Promise<void> {
  const provider = openKeyProvider(readKeySource(process.env));
  const audit = OperatorAudit.open(process.env);
  await withOwner(ownerUrl(process.env), async (owner) => {
    await audit.record(owner, { action: 'execute', entity: 'encryption-key', entityIds: [], operation });
    await work(owner, provider);
  }).catch((err: unknown) => {
    throw err instanceof KeyProviderError ? new OperatorError(err.message, { cause: err }) : err;
  });
}

async function rotateEncryption(owner: pg.Client, provider: KeyProvider): Promise<void> {
  const { kekId, added, rewrapped } = await rotateKeyEncryption(owner, provider);
  const how = added ? 'new' : 'there already, so no other was made';
  process.stdout.write(`${String(rewrapped)} data keys are wrapped by ${kekId} now, which is ${how}.\n`);
}

async function rotateData(owner: pg.Client, provider: KeyProvider, only: HospitalSlug | undefined): Promise<void> {
  const hospitals = (await listHospitals(owner)).filter(({ slug }) => only === undefined || slug === only);
  if (only !== undefined && hospitals.length === 0) throw new OperatorError(`There is no hospital ${only}.`);
  const scopes: RotatedScope[] = only === undefined ? [null, ...hospitals] : hospitals;
  for (const { scope, resealed, unreadable } of await rotateDataKeys(owner, provider, scopes)) {
    const kept = unreadable === 0 ? '' : `, ${String(unreadable)} do not open and keep their old key`;
    process.stdout.write(`${scope?.slug ?? 'platform'}: ${String(resealed)} values sealed anew${kept}\n`);
    if (unreadable > 0) process.exitCode = 1;
  }
}
