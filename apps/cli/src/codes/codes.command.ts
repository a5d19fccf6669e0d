import { readFile } from 'node:fs/promises';
import { OperatorError, withOwner } from '@hms/database';
import type { Command } from 'commander';
import { OperatorAudit } from '../audit/operator-audit.js';
import { ownerUrl } from '../config.js';
import { inTransaction } from '../in-transaction.js';
import { importEdition } from './import-edition.js';
import { readEdition } from './read-edition.js';

export function registerCodes(program: Command): void {
  const codes = program.command('codes').description('The codes that can be recorded in all hospitals.');
  codes
    .command('import <file>')
    .description(
      'Bring an edition of ICD-10: the order file of ICD-10-CM, or lines of a code, a tab and a title. What it lacks is recorded no more; what was recorded stays.',
    )
    .option('--dry-run', 'say what would change, and change nothing')
    .action(bring);
}

async function bring(file: string, { dryRun = false }: { dryRun?: boolean }): Promise<void> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new OperatorError(`${file} cannot be read.`, { cause });
  });
  const edition = readEdition(text);
  const audit = OperatorAudit.open(process.env);
  const { added, changed, retired } = await withOwner(ownerUrl(process.env), (owner) =>
    inTransaction(owner, async () => {
      const outcome = await importEdition(owner, edition, dryRun);
      const deed = { action: 'update', entity: 'icd10_code', entityIds: [], operation: 'hms codes import' } as const;
      if (!dryRun) await audit.record(owner, deed);
      return outcome;
    }),
  );
  const would = dryRun ? 'Would be ' : '';
  process.stdout.write(
    `${edition.length} codes: ${would}${added} new, ${changed} changed, ${retired} recorded no more.\n`,
  );
}
