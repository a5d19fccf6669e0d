import { differing, type Digest, isWrittenBehind } from './database-digest.js';
import { asCurl, type Answer, type FuzzCase } from './fuzz-case.js';
import { slowestMs, violations } from './invariants.js';

export interface FuzzTarget {
  /** Makes ready for so many requests and resolves when nothing else is written any more, by nobody. */
  readonly settle: (requests: number) => Promise<void>;
  readonly send: (request: FuzzCase) => Promise<Answer>;
  /** The same for as long as nothing is written. */
  readonly digest: () => Promise<Digest>;
  /** The same, of one table's rows. */
  readonly rows: (table: string) => Promise<Digest>;
}

const atOnce = 16;
const perBatch = 250;
const shownRows = 5;

/**
 * Sends all cases and reports each that breaks an invariant, as a command. Of cases that were refused, it is checked in
 * batches that they wrote nothing; those of a batch that did are sent again, in halves, to name the case and the row.
 * What is known to be wrong goes first and by itself: there nobody may write, not even the first time only.
 */
export async function fuzz(target: FuzzTarget, cases: readonly FuzzCase[]): Promise<string[]> {
  const [wrong, others] = [cases.filter(({ isWrong }) => isWrong), cases.filter(({ isWrong }) => !isWrong)];
  const found: string[] = [];
  for (const batch of [...inBatches(wrong), ...inBatches(others)]) found.push(...(await fuzzBatch(target, batch)));
  return found;
}

async function fuzzBatch(target: FuzzTarget, batch: readonly FuzzCase[]): Promise<string[]> {
  const found: string[] = [];
  const { answers, tables } = await compared(target, batch);
  for (const [index, request] of batch.entries()) {
    const broken = await confirmed(target, request, answers[index]);
    if (request.isWrong && (answers[index]?.status ?? 0) < 300) broken.push('taken, and should not be');
    found.push(...broken.map((what) => `${what}: ${asCurl(request)}`));
  }
  if (tables.length === 0) return found;
  const refused = refusedOf(batch, answers);
  const writers = await writersAmong(target, refused);
  const mayNotWrite = refused.length === batch.length || batch.every(({ isWrong }) => isWrong);
  if (mayNotWrite && writers.length === 0 && !tables.every(isWrittenBehind)) {
    writers.push(`refused, but written in ${tables.join(', ')}, by one of ${batch.length} and the first time only`);
  }
  return [...found, ...writers];
}

const inBatches = (cases: readonly FuzzCase[]): (readonly FuzzCase[])[] =>
  Array.from({ length: Math.ceil(cases.length / perBatch) }, (_, n) => cases.slice(n * perBatch, (n + 1) * perBatch));

interface Compared {
  readonly answers: readonly Answer[];
  /** Those that differ afterwards. */
  readonly tables: readonly string[];
}

async function compared(target: FuzzTarget, cases: readonly FuzzCase[]): Promise<Compared> {
  await target.settle(cases.length);
  const before = await target.digest();
  const answers = await sendAll(target, cases);
  return { answers, tables: differing(before, await target.digest()) };
}

const refusedOf = (cases: readonly FuzzCase[], answers: readonly Answer[]): FuzzCase[] =>
  cases.filter((_, index) => {
    const status = answers[index]?.status ?? 0;
    return status >= 400 && status < 500;
  });

async function sendAll({ send }: FuzzTarget, cases: readonly FuzzCase[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  const queue = cases.entries();
  const work = async (): Promise<void> => {
    for (const [index, request] of queue) answers[index] = await send(request);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return answers;
}

/** Slow among others may only mean that the machine was busy: what counts is how long it takes alone. */
async function confirmed({ send }: FuzzTarget, request: FuzzCase, answer?: Answer): Promise<string[]> {
  if (!answer) return ['no answer'];
  if (answer.milliseconds <= slowestMs) return violations(answer);
  const alone = await send(request);
  return [...violations({ ...answer, milliseconds: 0 }), ...violations({ ...alone, status: 200 })];
}

/** Halves what may have written until single cases are left. A case that is taken now writes with every right. */
async function writersAmong(target: FuzzTarget, cases: readonly FuzzCase[]): Promise<string[]> {
  const [first] = cases;
  if (!first) return [];
  const { answers, tables } = await compared(target, cases);
  if (tables.length === 0) return [];
  const refused = refusedOf(cases, answers);
  if (refused.length < cases.length) return writersAmong(target, refused);
  if (cases.length === 1) {
    const rows = await Promise.all(tables.map((table) => rowsWritten(target, first, table)));
    return [`refused, but written in ${rows.join(', ')}: ${asCurl(first)}`];
  }
  const middle = Math.ceil(cases.length / 2);
  return [
    ...(await writersAmong(target, cases.slice(0, middle))),
    ...(await writersAmong(target, cases.slice(middle))),
  ];
}

async function rowsWritten(target: FuzzTarget, request: FuzzCase, table: string): Promise<string> {
  await target.settle(1);
  const before = await target.rows(table);
  await target.send(request);
  const keys = differing(before, await target.rows(table));
  return `${table} ${keys.slice(0, shownRows).join(' ')}`.trimEnd();
}
