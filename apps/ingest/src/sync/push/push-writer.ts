import type { Logger } from '@hms/service-kit';
import { errorCode, failureOf } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { nextScope } from '../access/device-scope.js';
import { scopeOf } from '../access/sync-actor.js';
import { rejected, type Refusal } from '../entities/entity.js';
import type { SyncAudit } from '../sync-audit.js';
import { type Decided, type Decision, isRefusal } from './decision.js';
import {
  deviceFor,
  deviceOf,
  type DeviceRow,
  lockDevices,
  type LockedDevice,
  ownDevice,
  revoked,
} from './device-lock.js';
import { type Sorted, sortOps } from './duplicates.js';
import { loadWorkingSet } from './load.js';
import { wantAlternatives, withAlternatives } from './alternatives.js';
import { type CheckedOp, checkOp } from './op-check.js';
import type { HospitalTransaction } from './hospital-transaction.js';
import { mrnsInstead } from './mrns-instead.js';
import { type PushFacts, readFacts } from './push-facts.js';
import {
  type Answered,
  type AnsweredPush,
  carefulFrom,
  isStuck,
  needsCare,
  type PushAnswer,
  type PushRequest,
} from './push-request.js';
import { named, recordPush } from './record-push.js';
import { type Context, groupsOf, reduceOps } from './reduce-ops.js';
import { Refused } from './refused.js';
import { withRows } from './shown-rows.js';
import { storeWrites, withRecordNumbers } from './store-writes.js';
import type { Write } from './working-set.js';

export interface PushWriterParts {
  readonly lane: Pick<Lane, 'transaction'>;
  readonly audit: SyncAudit;
  readonly logger: Pick<Logger, 'warn'>;
  readonly now: () => number;
}

/** Rejected with an AppError of `syncErrors`, or with what the database threw when nothing was stored, or that is not known. */
export type PushOutcome = PromiseSettledResult<PushAnswer>;

/** Makes the ops of devices take effect, each once, with what is told of them in the same transaction. */
export class PushWriter {
  constructor(private readonly parts: PushWriterParts) {}

  /**
   * Requests of users of one hospital, each of another device. One that has to be alone ({@link isAlone}) is.
   * @returns for each what became of its ops, and how the device stands
   * @throws what the database threw, about all of them
   */
  async push(hospital: Hospital, requests: readonly PushRequest[]): Promise<readonly PushOutcome[]> {
    const [only] = requests.length === 1 ? requests : [];
    if (only && isStuck(only)) return this.#stepByStep(hospital, only);
    if (only && needsCare(only)) return this.#alone(hospital, only);
    try {
      return await this.parts.lane.transaction((tx) => this.#together({ tx, hospital }, requests));
    } catch (err) {
      if (!isAboutRows(err)) throw err;
      if (only) return this.#alone(hospital, only);
    }
    const outcomes: PushOutcome[] = [];
    for (const request of requests) {
      outcomes.push(...(await this.push(hospital, [request]).catch((reason: unknown) => [refusedWith(reason)])));
    }
    return outcomes;
  }

  async #together(at: HospitalTransaction, requests: readonly PushRequest[]): Promise<readonly PushOutcome[]> {
    const begun = await this.#begin(at, requests);
    const pushes = begun.flatMap((one) => ('device' in one ? [one] : []));
    const { decided, writes } = await decide(at, pushes);
    const answers = pushes.map((push, i) => answerOf(push, decided[i]?.decisions.map(answered) ?? []));
    // Sent in this order and awaited together: what fails among them fails first.
    const [, , rows] = await Promise.all([
      storeWrites(at, writes),
      recordPush(at, this.parts.audit, { decided, answers }),
      withRows(at, answers),
    ]);
    const shown = await this.#withAlternatives(at, rows);
    await settle(at, shown);
    const answerTo = new Map(pushes.map((push, i) => [push, shown[i] as AnsweredPush]));
    return begun.map((one) => ('device' in one ? outcomeOf(one, answerTo.get(one) as AnsweredPush) : one));
  }

  async #alone(hospital: Hospital, request: PushRequest): Promise<readonly PushOutcome[]> {
    return this.parts.lane.transaction((tx) => this.#oneByOne({ tx, hospital }, request));
  }

  /** Each op, or group of them, by itself: the database refuses one without undoing the others. */
  async #oneByOne(at: HospitalTransaction, request: PushRequest): Promise<readonly PushOutcome[]> {
    const begun = await this.#begin(at, [request]);
    const outcomes: PushOutcome[] = [];
    for (const push of begun) {
      if (!('device' in push)) return [push];
      const results: Answered[] = [];
      for (const group of groupsOf(push.ops)) results.push(...(await this.#applyAlone(at, push, group)));
      const answers = [answerOf(push, results)];
      await recordPush(at, this.parts.audit, { decided: [], answers });
      const rows = await this.#orWithout(at, answers, (inner) => withRows(inner, answers));
      const shown = await this.#withAlternatives(at, rows);
      await settle(at, shown);
      outcomes.push(...shown.map((answer) => outcomeOf(push, answer)));
    }
    return outcomes;
  }

  /**
   * Each op, or group of them, in a transaction of its own, up to one that fails. If that is the first, at which requests
   * failed again and again, it is refused.
   */
  async #stepByStep(hospital: Hospital, request: PushRequest): Promise<readonly PushOutcome[]> {
    let answer: PushAnswer | undefined;
    for (const group of groupsOf(request.ops.map((raw) => ({ raw })))) {
      const ops = group.map(({ raw }) => raw);
      const step = { ...request, ops, ...(answer ? { attempt: carefulFrom } : {}) };
      const [outcome] = await this.#step(hospital, step).catch((reason: unknown) => [refusedWith(reason)]);
      if (outcome?.status === 'fulfilled') {
        answer = { ...outcome.value, results: [...(answer?.results ?? []), ...outcome.value.results] };
      } else if (answer) {
        return [told({ ...answer, restFrom: Number(ops[0]?.seq) })];
      } else if (outcome) {
        return [outcome];
      }
    }
    return answer ? [told(answer)] : this.#alone(hospital, request);
  }

  #step(hospital: Hospital, request: PushRequest): Promise<readonly PushOutcome[]> {
    return this.parts.lane.transaction(async (tx) => {
      // Told apart: who waits for a lock is not to blame. Both before the lane takes the server for lost.
      await tx.unsafe(`set local statement_timeout = '4s'; set local lock_timeout = '2s'`);
      return this.#oneByOne({ tx, hospital }, request);
    });
  }

  #withAlternatives(at: HospitalTransaction, answers: readonly AnsweredPush[]): Promise<readonly AnsweredPush[]> {
    if (!wantAlternatives(answers)) return Promise.resolve(answers);
    return this.#orWithout(at, answers, (inner) => withAlternatives(inner, answers, this.parts.now()));
  }

  /** What is only told besides is not worth a push. */
  async #orWithout(
    at: HospitalTransaction,
    answers: readonly AnsweredPush[],
    complete: (at: HospitalTransaction) => Promise<AnsweredPush[]>,
  ): Promise<readonly AnsweredPush[]> {
    try {
      return await at.tx.savepoint((tx) => complete({ ...at, tx }));
    } catch (err) {
      if (failureOf(err) === 'lost') throw err;
      this.parts.logger.warn({ err }, 'ops are answered without all there is to tell');
      return answers;
    }
  }

  async #begin(at: HospitalTransaction, given: readonly PushRequest[]): Promise<(Push | PromiseRejectedResult)[]> {
    const requests = await composed(at, given);
    // Sent in this order: what is read follows upon the lock.
    const [devices, facts] = await Promise.all([lockDevices(at, requests), readFacts(at, requests)]);
    return requests.map((request) => {
      try {
        return this.#pushOf(request, devices.get(request.deviceId), facts);
      } catch (reason) {
        return refusedWith(reason);
      }
    });
  }

  #pushOf(request: PushRequest, row: DeviceRow | undefined, facts: PushFacts): Push {
    const { actor, deviceId, ops } = request;
    const own = ownDevice(actor, row);
    if (own.revoked && (own.wipe || ops.length === 0)) throw revoked(own);
    const device = deviceOf(own);
    const { fresh, duplicates } = sortOps(ops, device.lastSeq, facts.ledger);
    const refused = new Refused();
    for (const { op_id: op, status } of facts.ledger.values()) if (isRefusal(status)) refused.noteEarlier(op);
    const context = {
      ...{ actor, deviceId, refused },
      now: this.parts.now(),
      // What a revoked device still sends is kept for a supervisor, and takes no effect.
      scope: own.revoked ? [] : scopeOf(actor, facts.patientsOf(actor.userId)),
      ownsMrn: (mrn: string) => facts.ownsMrn(deviceId, mrn),
    };
    const checked = fresh.map((op) => checkOp(op, actor.permissions));
    return { request, device, context, duplicates, ops: checked, ...(own.revoked ? { refusal: revoked(own) } : {}) };
  }

  async #applyAlone(at: HospitalTransaction, push: Push, group: readonly CheckedOp[]): Promise<Answered[]> {
    try {
      return await at.tx.savepoint((tx) => this.#apply({ ...at, tx }, { ...push, ops: group }));
    } catch (err) {
      const refusal = refusalOf(err, group, push.request);
      if (!refusal) throw err;
      return this.#apply(at, { ...push, ops: group.map(({ raw }) => ({ raw, refusal })) });
    }
  }

  async #apply(at: HospitalTransaction, push: Push): Promise<Answered[]> {
    const { decided, writes } = await decide(at, [push]);
    await Promise.all([storeWrites(at, writes), recordPush(at, this.parts.audit, { decided, answers: [] })]);
    return decided.flatMap(({ decisions }) => decisions.map(answered));
  }
}

/** A push under way. */
interface Push extends Pick<Sorted, 'duplicates'> {
  readonly request: PushRequest;
  readonly device: LockedDevice;
  readonly context: Context;
  /** Those nobody saw before. */
  readonly ops: readonly CheckedOp[];
  /** What the device is told instead of what became of them. */
  readonly refusal?: Error;
}

/** The same requests; of one that comes without numbers the ops are made, under the lock of its device. */
async function composed(at: HospitalTransaction, requests: readonly PushRequest[]): Promise<readonly PushRequest[]> {
  const [only] = requests;
  if (!only?.unnumbered) return requests;
  const { lastSeq } = deviceFor(only.actor, (await lockDevices(at, requests)).get(only.deviceId));
  return [{ ...only, ops: await only.unnumbered.compose(at.tx, lastSeq + 1) }];
}

async function settle({ tx }: HospitalTransaction, answers: readonly AnsweredPush[]): Promise<void> {
  for (const { request, results } of answers) await request.unnumbered?.settle?.(tx, results);
}

/** What becomes of all ops, device after device. */
async function decide(
  at: HospitalTransaction,
  pushes: readonly Push[],
): Promise<{ readonly decided: Decided[]; readonly writes: readonly Write[] }> {
  let set = await loadWorkingSet(at, pushes);
  const instead = await mrnsInstead(at, pushes.flatMap(strangeMrns));
  const decided = pushes.map(({ request, ops, context }) => {
    const reduced = reduceOps(ops, set, { ...context, mrnInstead: ({ op }) => instead.get(op) });
    set = reduced.set;
    return { request, decisions: named(reduced.decisions) };
  });
  return { decided, writes: await withRecordNumbers(at, set.writes) };
}

/** Record numbers that were not set aside for the device that gave them. */
const strangeMrns = ({ ops, context }: Push): { readonly op: string; readonly mrn: string }[] =>
  ops.flatMap((checked) => {
    if (!('ready' in checked)) return [];
    const { op, entity, kind, patch } = checked.ready;
    const mrn = entity === 'patients' && kind === 'create' ? patch?.['mrn'] : undefined;
    return typeof mrn === 'string' && !context.ownsMrn(mrn) ? [{ op, mrn }] : [];
  });

function answered({ result, entity, row }: Decision): Answered {
  const isShown =
    entity !== undefined && row !== undefined && (result.status === 'conflict' || !isRefusal(result.status));
  return { result, target: isShown ? { entity, id: row.id } : undefined };
}

/** Where the device stands after it. */
function answerOf({ request, device, duplicates, context }: Push, fresh: readonly Answered[]): AnsweredPush {
  return {
    request,
    results: [...duplicates, ...fresh].sort((a, b) => a.result.seq - b.result.seq),
    lastSeq: Math.max(device.lastSeq, request.ops.at(-1)?.seq ?? 0),
    scope: nextScope(device, context.scope, request.purgedTo),
  };
}

const outcomeOf = ({ refusal }: Push, answer: AnsweredPush): PushOutcome =>
  refusal ? refusedWith(refusal) : told(answer);
const told = (value: PushAnswer): PushOutcome => ({ status: 'fulfilled', value });
const refusedWith = (reason: unknown): PromiseRejectedResult => ({ status: 'rejected', reason });

/** The database refuses something about a row, and would again. */
const isAboutRows = (thrown: unknown): boolean => ['conflict', 'data'].includes(failureOf(thrown));

/** Why the group will never be stored; undefined when it may be, another time. */
function refusalOf(thrown: unknown, group: readonly CheckedOp[], request: PushRequest): Refusal | undefined {
  if (!isAboutRows(thrown)) {
    const isTooLong = isStuck(request) && errorCode(thrown) === '57014';
    const passes = !isTooLong && ['lost', 'transient'].includes(failureOf(thrown));
    return needsCare(request) && !passes
      ? rejected('internal_poison', 'The server cannot take this change. It was kept.')
      : undefined;
  }
  const constraint = thrown instanceof Error && 'constraint_name' in thrown ? String(thrown.constraint_name) : '';
  const known = group.flatMap((op) => ('entity' in op ? (op.entity.refusals[constraint] ?? []) : []))[0];
  if (known) return rejected(known.code, known.text);
  if (errorCode(thrown) === '23503') return rejected('parent_missing', 'What it refers to is not there.');
  return rejected('invalid', `The database refuses it${constraint ? ` (${constraint})` : ''}.`);
}
