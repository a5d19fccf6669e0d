import { asCurl, type Answer, type FuzzCase } from './fuzz-case.js';
import { slowestMs, violations } from './invariants.js';

export interface FuzzTarget {
  readonly send: (request: FuzzCase) => Promise<Answer>;
  /** The same for as long as nothing is written. */
  readonly digest: () => Promise<string>;
}

const atOnce = 8;
const perBatch = 125;

/**
 * Sends all cases and reports each that breaks an invariant, as a command. Of cases that were refused, it is checked in
 * batches that they wrote nothing; a batch that did is sent again one by one to name the case.
 */
export async function fuzz(target: FuzzTarget, cases: readonly FuzzCase[]): Promise<string[]> {
  const found: string[] = [];
  for (let start = 0; start < cases.length; start += perBatch) {
    const batch = cases.slice(start, start + perBatch);
    const before = await target.digest();
    const answers = await sendAll(target, batch);
    for (const [index, answer] of answers.entries()) {
      const request = batch[index];
      if (!request) continue;
      found.push(...(await confirmed(target, request, answer)).map((what) => `${what}: ${asCurl(request)}`));
    }
    if ((await target.digest()) === before) continue;
    found.push(
      ...(await writersAmong(
        target,
        batch.filter((_, index) => isRefused(answers[index])),
      )),
    );
  }
  return found;
}

const isRefused = (answer: Answer | undefined): boolean =>
  answer !== undefined && answer.status >= 400 && answer.status < 500;

async function sendAll({ send }: FuzzTarget, cases: readonly FuzzCase[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  const queue = [...cases.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) answers[next[0]] = await send(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return answers;
}

/** Slow among others may only mean that the machine was busy: what counts is how long it takes alone. */
async function confirmed({ send }: FuzzTarget, request: FuzzCase, answer: Answer): Promise<string[]> {
  if (answer.milliseconds <= slowestMs) return violations(answer);
  const alone = await send(request);
  return [...violations({ ...answer, milliseconds: 0 }), ...violations({ ...alone, status: 200 })];
}

/** Halves what may have written until single cases are left. A case that is taken now writes with every right. */
async function writersAmong(target: FuzzTarget, cases: readonly FuzzCase[]): Promise<string[]> {
  const [first] = cases;
  if (!first) return [];
  // Whoever was signed out by a request that was taken signs in again here, which writes.
  await target.send(first);
  const before = await target.digest();
  const answers: Answer[] = [];
  for (const each of cases) answers.push(await target.send(each));
  if ((await target.digest()) === before) return [];
  const refused = cases.filter((_, index) => isRefused(answers[index]));
  if (refused.length < cases.length) return writersAmong(target, refused);
  if (cases.length === 1) return [`refused, but written: ${asCurl(first)}`];
  const middle = Math.ceil(cases.length / 2);
  return [
    ...(await writersAmong(target, cases.slice(0, middle))),
    ...(await writersAmong(target, cases.slice(middle))),
  ];
}
