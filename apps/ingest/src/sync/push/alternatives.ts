import type { FreeTime, SyncResult } from '@hms/contracts';
import { readBusy, readSchedules } from '../schedules/read-schedules.js';
import { alternativesRange } from '../schedules/schedules.js';
import { type Wish, wishOf } from '../schedules/wish.js';
import type { HospitalTransaction } from './hospital-transaction.js';
import type { AnsweredPush } from './push-request.js';

const mostWishes = 10;

/**
 * Names other times to those who did not get theirs, as they are free once this push is made; not to those who want very many,
 * for others wait meanwhile.
 */
export async function withAlternatives(
  at: HospitalTransaction,
  answers: readonly AnsweredPush[],
  now: number,
): Promise<AnsweredPush[]> {
  // Of those who are refused the same time all are told the same.
  const known = new Map<string, FreeTime[]>();
  const timesFor = async (wish: Wish): Promise<FreeTime[] | undefined> => {
    const key = [wish.providerId, wish.serviceId, wish.start.getTime(), ...wish.resourceIds].join();
    if (!known.has(key) && known.size < mostWishes) known.set(key, await alternativesTo(at, wish, now));
    return known.get(key);
  };
  const told: AnsweredPush[] = [];
  for (const answer of answers) {
    const results = [];
    for (const answered of answer.results) {
      const wish = wishedBy(answer, answered.result);
      const alternatives = wish && (await timesFor(wish));
      results.push(alternatives ? { ...answered, result: { ...answered.result, alternatives } } : answered);
    }
    told.push({ ...answer, results });
  }
  return told;
}

/** Whether anybody is to be told other times. */
export const wantAlternatives = (answers: readonly AnsweredPush[]): boolean =>
  answers.some((answer) => answer.results.some(({ result }) => wishedBy(answer, result) !== undefined));

function wishedBy({ request: { actor, ops } }: AnsweredPush, { code, seq }: SyncResult): Wish | undefined {
  if (code !== 'slot_taken' || !actor.permissions.has('schedule:read')) return undefined;
  return wishOf(ops.find((op) => op.seq === seq)?.['patch']);
}

async function alternativesTo(at: HospitalTransaction, wish: Wish, now: number): Promise<FreeTime[]> {
  const schedules = await readSchedules(at, [wish]);
  return schedules.alternatives(wish, await readBusy(at, wish, alternativesRange(wish, now)), now);
}
