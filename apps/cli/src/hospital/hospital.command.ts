import {
  findHospital,
  type Hospital,
  type HospitalSlug,
  isHospitalSlug,
  limitTelemetry,
  listHospitals,
  provisionHospital,
  resumeHospital,
  suspendHospital,
  withOwner,
} from '@hms/database';
import { type Command, InvalidArgumentError } from 'commander';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { OperatorAudit } from '../audit/operator-audit.js';
import { ownerUrl } from '../config.js';
import { inTransaction } from '../in-transaction.js';
import { tell } from '../outbox/tell.js';
import { accountLine, createHospitalAdmin } from '../user/accounts.js';
import { email } from '../user/email.js';
import { existingSlug } from './existing-slug.js';

interface CreateOptions {
  name: string;
  country: string;
  currency: string;
  timezone: string;
  adminEmail?: string;
}

export function registerHospital(program: Command): void {
  const hospital = program.command('hospital').description('Create, list, suspend and resume hospitals.');
  hospital
    .command('create <slug>')
    .description('Create a hospital with its own schema and role; repeat it to finish an interrupted creation.')
    .requiredOption('--name <name>', 'as people know it')
    .requiredOption('--country <code>', 'ISO 3166-1 alpha-2, such as KE')
    .requiredOption('--currency <code>', 'ISO 4217, such as KES')
    .requiredOption('--timezone <name>', 'IANA name, such as Africa/Nairobi')
    .option('--admin-email <email>', 'also make this person its hospital_admin; a new password is printed once', email)
    .action(create);
  hospital
    .command('list')
    .description('Show all hospitals.')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const hospitals = await withOwner(ownerUrl(process.env), listHospitals);
      process.stdout.write(`${json ? JSON.stringify(hospitals, undefined, 2) : table(hospitals)}\n`);
    });
  hospital
    .command('suspend <slug>')
    .description('Lock everyone but super admins out of a hospital; its data stays.')
    .action((slug: string) => changeStatus(slug, 'suspend', suspendHospital));
  hospital
    .command('resume <slug>')
    .description('Let a suspended hospital work again.')
    .action((slug: string) => changeStatus(slug, 'resume', resumeHospital));
  hospital
    .command('quota <slug>')
    .argument('<rows-per-second>', 'readings a second each process of ingest takes of it, or "none"', quota)
    .description('Limit the telemetry of a hospital; it may save up ten seconds of it.')
    .action(async (slug: string, rows: number | null) => {
      await change(slug, 'quota', (owner, known) => limitTelemetry(owner, known, rows));
      process.stdout.write(`Hospital ${slug} may send ${rows === null ? 'its fair share' : `${rows} readings/s`}.\n`);
    });
}

async function create(slug: string, options: CreateOptions): Promise<void> {
  const { adminEmail, ...details } = options;
  const audit = OperatorAudit.open(process.env);
  await withOwner(ownerUrl(process.env), async (owner) => {
    const known = isHospitalSlug(slug) ? await findHospital(owner, slug) : undefined;
    const id = known?.id ?? uuidv7();
    await audit.record(owner, {
      action: 'create',
      entity: 'hospital',
      entityIds: [id],
      operation: 'hms hospital create',
    });
    const hospital = await provisionHospital(owner, { id, slug, ...details });
    process.stdout.write(`Hospital ${slug} is ${hospital.status}, id ${hospital.id}.\n`);
    if (adminEmail === undefined) return;
    process.stdout.write(`${accountLine(await createHospitalAdmin(owner, audit, hospital.id, adminEmail))}\n`);
  });
}

type Change = (owner: pg.Client, slug: HospitalSlug) => Promise<Hospital>;

async function changeStatus(slug: string, command: string, work: Change): Promise<void> {
  const { status } = await change(slug, command, work);
  process.stdout.write(`Hospital ${slug} is ${status}.\n`);
}

async function change(slug: string, command: string, work: Change): Promise<Hospital> {
  const known = existingSlug(slug);
  const audit = OperatorAudit.open(process.env);
  return withOwner(ownerUrl(process.env), (owner) =>
    inTransaction(owner, async () => {
      const hospital = await work(owner, known);
      const { id, version } = hospital;
      await audit.record(owner, {
        action: 'update',
        entity: 'hospital',
        entityIds: [id],
        operation: `hms hospital ${command}`,
      });
      await tell(owner, 'hospital.changed', id, { id, version });
      return hospital;
    }),
  );
}

function quota(text: string): number | null {
  if (text === 'none') return null;
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= 1 && rows <= 1_000_000) return rows;
  throw new InvalidArgumentError('Must be a whole number from 1 to 1000000, or "none".');
}

function table(hospitals: readonly Hospital[]): string {
  if (hospitals.length === 0) return 'No hospitals yet; "hms hospital create --help" tells how to make one.';
  const columns = ['slug', 'name', 'country', 'currency', 'timezone', 'status'] as const;
  const width = (column: (typeof columns)[number]): number =>
    Math.max(column.length, ...hospitals.map((hospital) => hospital[column].length));
  const line = (cell: (column: (typeof columns)[number]) => string): string =>
    columns.map((column) => cell(column).padEnd(width(column))).join('  ');
  return [line((column) => column), ...hospitals.map((hospital) => line((column) => hospital[column]))].join('\n');
}
