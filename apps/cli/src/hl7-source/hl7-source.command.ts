import { addHl7Source, listHl7Sources, removeHl7Source, withOwner } from '@hms/database';
import { type Command, InvalidArgumentError } from 'commander';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { OperatorAudit } from '../audit/operator-audit.js';
import { ownerUrl } from '../config.js';
import { existingSlug } from '../hospital/existing-slug.js';
import { inTransaction } from '../in-transaction.js';

interface AddOptions {
  gateway: string;
  network: string;
  application: string;
  facility: string;
  timezone?: string;
}

export function registerHl7Source(program: Command): void {
  const source = program
    .command('hl7-source')
    .description('Let monitors in that send HL7 over MLLP and cannot state a key.');
  source
    .command('add <slug>')
    .description('Take what comes from a network under a name as that of a gateway of the hospital.')
    .requiredOption('--gateway <name>', 'the gateway whose devices it may report')
    .requiredOption('--network <cidr>', 'where it comes from, such as 10.20.0.0/24')
    .requiredOption('--application <name>', 'MSH-3, as it sends it')
    .option('--facility <name>', 'MSH-4, as it sends it', '')
    .option('--timezone <name>', 'IANA name, of times that state no zone; without it they are refused', timezone)
    .action(add);
  source
    .command('list')
    .description('Show them all.')
    .action(async () => {
      const sources = await withOwner(ownerUrl(process.env), listHl7Sources);
      const lines = sources.map((each) =>
        [each.id, each.hospital, each.gateway, each.network, each.application, each.facility, each.timezone].join('\t'),
      );
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
  source
    .command('remove <id>')
    .description('Let it in no longer; ingest knows within seconds.')
    .action(async (id: string) => {
      await audited('delete', id, (owner) => removeHl7Source(owner, id));
      process.stdout.write(`Source ${id} is removed.\n`);
    });
}

async function add(slug: string, { timezone: zone, ...source }: AddOptions): Promise<void> {
  const id = uuidv7();
  const known = existingSlug(slug);
  await audited('create', id, (owner) => addHl7Source(owner, known, { id, ...source, timezone: zone ?? null }));
  process.stdout.write(`Source ${id} is let in for gateway ${source.gateway} of ${slug}.\n`);
}

async function audited(
  action: 'create' | 'delete',
  id: string,
  work: (owner: pg.Client) => Promise<void>,
): Promise<void> {
  const audit = OperatorAudit.open(process.env);
  const operation = `hms hl7-source ${action === 'create' ? 'add' : 'remove'}`;
  await withOwner(ownerUrl(process.env), (owner) =>
    inTransaction(owner, async () => {
      await work(owner);
      await audit.record(owner, { action, entity: 'hl7_source', entityIds: [id], operation });
    }),
  );
}

function timezone(name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new InvalidArgumentError('That is no IANA time zone.');
  }
}
