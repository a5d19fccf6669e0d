import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { findHospital, type Hospital, type HospitalSlug, OperatorError, withOwner } from '@hms/database';
import { type Command, InvalidArgumentError, Option } from 'commander';
import pg from 'pg';
import { OperatorAudit } from '../audit/operator-audit.js';
import { ownerUrl } from '../config.js';
import { existingSlug } from '../hospital/existing-slug.js';
import { LiveLine } from '../live-line.js';
import { positive } from '../positive.js';
import { csvRecords, readHeader } from './csv.js';
import { chartedJob } from './fhir/charted-job.js';
import { openFhir } from './fhir/fhir-file.js';
import type { ImportJob } from './import-job.js';
import { fingerprintOf, ImportLedger, type Progress } from './import-ledger.js';
import { ImportTally } from './import-run.js';
import { importLine, importText } from './import-text.js';
import { type Precision, precisions } from './line-protocol.js';
import { Pace } from './pace.js';
import { keyOf, type Target, targetOf } from './reading.js';
import { readingsJob } from './readings-job.js';
import { lineRecords, ndjsonRecords, type Position, type Records, type Source } from './records.js';
import { RejectsFile } from './rejects-file.js';

interface ImportOptions {
  readonly hospital: HospitalSlug;
  readonly format?: string;
  readonly importId?: string;
  readonly map: ReadonlyMap<string, Target>;
  readonly device?: string;
  readonly precision: Precision;
  readonly mrnSystem?: string;
  readonly rejects?: string;
  readonly rate: number;
  readonly dryRun?: true;
}

const formatByExtension: Readonly<Record<string, string>> = {
  ...{ '.csv': 'csv', '.ndjson': 'ndjson', '.lp': 'lp', '.json': 'fhir' },
};
const nothing: Progress = {
  ...{ rows: 0, accepted: 0, duplicates: 0, unassigned: 0, rejected: 0, leftOut: 0 },
  ...{ rejectsBytes: 0, at: undefined },
};

export function registerImport(program: Command): void {
  program
    .command('import <file>')
    .description(
      'Store readings of a file, or vital signs another system charted (FHIR), however old. Run it again to go on where it ended; nothing is stored twice, and no alarm is raised.',
    )
    .requiredOption('--hospital <slug>', 'whose readings they are', existingSlug)
    .addOption(
      new Option('--format <format>', 'when the name of the file does not say').choices([
        'csv',
        'ndjson',
        'lp',
        'fhir',
      ]),
    )
    .option('--import-id <id>', 'name of this import; what the file is like when none is given', importId)
    .option('--map <column=key>', 'what a column of CSV is, such as Puls=hr; may be repeated', mapping, new Map())
    .option('--device <name>', 'device of all rows of CSV, when no column says it')
    .addOption(new Option('--precision <unit>', 'of times in line protocol').choices(precisions).default('ns'))
    .option('--mrn-system <uri>', 'system of the identifiers in FHIR that are record numbers of the hospital in HMS')
    .option('--rejects <file>', 'where refused rows are listed; beside the file when it is not given')
    .option('--rate <n>', 'rows a second at most', positive, 20_000)
    .option('--dry-run', 'read all of it and store nothing')
    .action(importFile);
}

async function importFile(path: string, options: ImportOptions): Promise<void> {
  const { fingerprint, size } = await fingerprintOf(path).catch((cause: unknown) => {
    throw new OperatorError(`The file ${path} cannot be read.`, { cause });
  });
  const openJob = await opener(path, options);
  const audit = options.dryRun ? undefined : OperatorAudit.open(process.env);
  await withOwner(ownerUrl(process.env), async (owner) => {
    const hospital = await existing(owner, options.hospital);
    const schema = pg.escapeIdentifier(`hospital_${hospital.slug}`);
    const rejectsPath = options.rejects ?? `${path}.rejects.csv`;
    const job = await openJob({ owner, hospital, schema });
    if (!audit) return tryImport(job, rejectsPath, size);
    const ledger = new ImportLedger(owner, schema, options.importId ?? fingerprint.toString('hex').slice(0, 16));
    await ledger.begin(fingerprint, readingOf(path, options));
    const about = { entity: 'telemetry', entityIds: [ledger.importId], operation: 'hms import' };
    await audit.record(owner, { action: 'execute', ...about });
    const done = await ledger.progress();
    const tally = new ImportTally(done, size);
    const rejects = await RejectsFile.open(rejectsPath, done.rejectsBytes);
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const pace = new Pace(options.rate);
    await shown(tally, () => job.run(ledger, done, { rejects, pace, tally, stop: stop.signal })).finally(() =>
      rejects.close(),
    );
    print(importText(tally, { importId: ledger.importId, rejectsPath }));
  });
}

async function tryImport(job: ImportJob, rejectsPath: string, size: number): Promise<void> {
  const tally = new ImportTally(nothing, size);
  const rejects = await RejectsFile.open(rejectsPath, 0);
  await shown(tally, () => job.tryOut({ rejects, tally })).finally(() => rejects.close());
  print(importText(tally, { importId: undefined, rejectsPath }));
}

async function shown(tally: ImportTally, work: () => Promise<void>): Promise<void> {
  const line = new LiveLine(() => importLine(tally));
  await work().finally(() => line.finish());
}

interface Place {
  readonly owner: pg.Client;
  readonly hospital: Hospital;
  readonly schema: string;
}

/** How the file is read, and what becomes of it. */
async function opener(path: string, options: ImportOptions): Promise<(place: Place) => Promise<ImportJob>> {
  const source: Source = (byte) => createReadStream(path, { start: byte, highWaterMark: 262_144 });
  if (formatOf(path, options) === 'fhir') {
    const resources = await openFhir(path, source);
    const { mrnSystem } = options;
    return ({ owner, hospital, schema }) => chartedJob(owner, { hospital, schema, mrnSystem, resources });
  }
  const records = await recordsIn(path, source, options);
  return ({ owner, schema }) => readingsJob(owner, schema, records);
}

/** Readings of devices, from the beginning or where an earlier run ended. */
async function recordsIn(path: string, source: Source, options: ImportOptions): Promise<(at?: Position) => Records> {
  const start = { byte: 0, line: 1 };
  const format = formatOf(path, options);
  if (format === 'ndjson') return (at = start) => ndjsonRecords(source, at);
  if (format === 'lp') return (at = start) => lineRecords(source, at, options.precision);
  if (format !== 'csv') throw new OperatorError('Say with --format what the file is.');
  const { columns, ignored, end } = await readHeader(source, options.map);
  if (!columns.includes('device') && options.device === undefined) {
    throw new OperatorError('No column is the device; name it with --map COLUMN=d, or all with --device.');
  }
  if (ignored.length > 0) print(`Left out: ${ignored.join(', ')}`);
  return (at = end) => csvRecords(source, at, columns, options.device);
}

const formatOf = (path: string, { format }: ImportOptions): string | undefined =>
  format ?? formatByExtension[extname(path).toLowerCase()];

/** The options that decide what the rows of the file say. */
function readingOf(path: string, options: ImportOptions): string[] {
  const format = formatOf(path, options) ?? '';
  const maps = [...options.map].map(([column, target]) => `--map ${column}=${keyOf(target)}`).sort();
  return [
    `--format ${format}`,
    ...(format === 'lp' ? [`--precision ${options.precision}`] : []),
    ...(options.mrnSystem === undefined ? [] : [`--mrn-system ${options.mrnSystem}`]),
    ...(options.device === undefined ? [] : [`--device ${options.device}`]),
    ...maps,
  ];
}

async function existing(owner: pg.Client, slug: HospitalSlug): Promise<Hospital> {
  const hospital = await findHospital(owner, slug);
  if (!hospital) throw new OperatorError(`There is no hospital ${slug}; "hms hospital list" shows those that exist.`);
  return hospital;
}

function importId(text: string): string {
  if (!/^[\w.:-]{1,64}$/.test(text)) throw new InvalidArgumentError('It has 1 to 64 letters, digits and any of _.:-');
  return text;
}

function mapping(text: string, before: ReadonlyMap<string, Target>): ReadonlyMap<string, Target> {
  const equals = text.lastIndexOf('=');
  const target = targetOf(text.slice(equals + 1));
  if (equals < 1 || target === undefined) {
    throw new InvalidArgumentError('It must be COLUMN=KEY, with a key of docs/telemetry.md.');
  }
  return new Map(before).set(text.slice(0, equals), target);
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
