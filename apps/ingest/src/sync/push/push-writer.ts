import { formatMrn } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import { errorCode, failureOf } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import { nextScope } from '../access/device-scope.js';
import { scopeOf, type SyncActor } from '../access/sync-actor.js';
import { rejected, type Refusal } from '../entities/entity.js';
import type { SyncAudit } from '../sync-audit.js';
import { type Decision, isRefusal } from './decision.js';
import { lockDevice, type LockedDevice } from './device-lock.js';
import { type LedgerRow, type Sorted, sortOps } from './duplicates.js';
import { loadWorkingSet } from './load.js';
import { type CheckedOp, checkOp } from './op-check.js';
import { tellOthers } from './push-effects.js';
import type { Answered, PushAnswer, PushRequest } from './push-request.js';
import { type Decided, recordDecisions } from './record-decisions.js';
import { type Context, groupsOf, reduceOps } from './reduce-ops.js';
import { Refused } from './refused.js';
import { storeWrites } from './store-writes.js';

/** From the third time on something is wrong with the ops, not with the way. */
const carefulFrom = 3;

export interface PushWriterParts {
  readonly lane: Pick<Lane, 'transaction'>;
  readonly audit: SyncAudit;
  readonly now: () => number;
}

/** Makes the ops of a device take effect, each once, with what it is told of them in the same transaction. */
export class PushWriter {
  constructor(private readonly parts: PushWriterParts) {}

  /**
   * @returns what became of each op, and how the device stands
   * @throws AppError of `syncErrors`; what the database threw, when nothing was stored or that is not known
   */
  async push(request: PushRequest): Promise<PushAnswer> {
    if (request.attempt >= carefulFrom) return this.parts.lane.transaction((tx) => this.#pushOneByOne(tx, request));
    try {
      return await this.parts.lane.transaction((tx) => this.#pushTogether(tx, request));
    } catch (err) {
      if (!isAboutRows(err)) throw err;
      return this.parts.lane.transaction((tx) => this.#pushOneByOne(tx, request));
    }
  }

  async #pushTogether(tx: TransactionSql, request: PushRequest): Promise<PushAnswer> {
    const push = await this.#begin(tx, request);
    const ops = push.fresh.map((op) => checkOp(op, request.actor.permissions));
    const results = ops.length > 0 ? await this.#apply(tx, push, ops) : [];
    return finish(tx, push, results);
  }

  /** Each op, or group of them, by itself: the database refuses one without undoing the others. */
  async #pushOneByOne(tx: TransactionSql, request: PushRequest): Promise<PushAnswer> {
    const push = await this.#begin(tx, request);
    const results: Answered[] = [];
    for (const group of groupsOf(push.fresh.map((op) => checkOp(op, request.actor.permissions)))) {
      results.push(...(await this.#applyAlone(tx, push, group)));
    }
    return finish(tx, push, results);
  }

  async #begin(tx: TransactionSql, request: PushRequest): Promise<Push> {
    const { actor, deviceId, ops } = request;
    const device = await lockDevice(tx, request);
    // Also what they depend on: it may have been refused in an earlier request.
    const ids = ops.flatMap(({ op, deps }) => [op, ...uuidsOf(deps)]);
    const [known, numbers, scope] = await Promise.all([
      ledgerOf(tx, actor, ids),
      ops.length > 0 ? numberBlocks(tx, deviceId) : [],
      currentScope(tx, actor),
    ]);
    const ownsMrn = (mrn: string): boolean =>
      formatMrn(BigInt(mrn)) === mrn && numbers.some(({ first, last }) => BigInt(mrn) >= first && BigInt(mrn) <= last);
    const refused = new Refused();
    for (const { op_id: op, status } of known.values()) if (isRefusal(status)) refused.noteEarlier(op);
    const context = { actor, deviceId, scope, now: this.parts.now(), ownsMrn, refused };
    return { request, device, context, ...sortOps(ops, device.lastSeq, known) };
  }

  async #apply(tx: TransactionSql, { request, context }: Push, ops: readonly CheckedOp[]): Promise<Answered[]> {
    const { schema } = request.actor.hospital;
    const loaded = await loadWorkingSet(tx, schema, [{ deviceId: request.deviceId, ops }]);
    const { decisions, set } = reduceOps(ops, loaded, context);
    await storeWrites(tx, schema, set.writes);
    return this.#record(tx, { request, decisions });
  }

  async #applyAlone(tx: TransactionSql, push: Push, group: readonly CheckedOp[]): Promise<Answered[]> {
    try {
      return await tx.savepoint((inner) => this.#apply(inner, push, group));
    } catch (err) {
      const refusal = refusalOf(err, group, push.request.attempt >= carefulFrom);
      if (!refusal) throw err;
      const refused = group.map(({ raw }) => ({ raw, refusal }));
      return this.#apply(tx, push, refused);
    }
  }

  async #record(tx: TransactionSql, decided: Decided): Promise<Answered[]> {
    const [recorded] = await Promise.all([
      recordDecisions(tx, decided.request.actor.hospital.schema, decided),
      tellOthers(tx, this.parts.audit, decided),
    ]);
    return recorded.map(answered);
  }
}

function answered({ result, entity, row }: Decision): Answered {
  const isShown =
    entity !== undefined && row !== undefined && (result.status === 'conflict' || !isRefusal(result.status));
  return { result, target: isShown ? { entity, id: row.id } : undefined };
}

/** A push under way. */
interface Push extends Sorted {
  readonly request: PushRequest;
  readonly device: LockedDevice;
  readonly context: Context;
}

/** Advances the number of the device, and what it may hold. */
async function finish(
  tx: TransactionSql,
  { request, device, duplicates, context }: Push,
  fresh: readonly Answered[],
): Promise<PushAnswer> {
  const { deviceId, schemaVersion, app, ops, skewMs, purgedTo } = request;
  const { scope: keys } = context;
  const lastSeq = Math.max(device.lastSeq, ops.at(-1)?.seq ?? 0);
  const scope = nextScope(device, keys, purgedTo);
  await tx`
    update sync.device set last_seq = ${lastSeq}, seen_at = now(), schema_version = ${schemaVersion},
           app = coalesce(${app ?? null}, app), skew_ms = coalesce(${skewMs ?? null}::bigint, skew_ms),
           scope = array(select jsonb_array_elements_text(${JSON.stringify(keys)}::text::jsonb)),
           scope_ver = ${scope.ver},
           scope_before = array(select jsonb_array_elements_text(${JSON.stringify(scope.keysBefore)}::text::jsonb)),
           ver_before = ${scope.verBefore}, scope_acked = ${scope.purged ? scope.ver : null}
     where id = ${deviceId}`;
  return { results: [...duplicates, ...fresh].sort((a, b) => a.result.seq - b.result.seq), lastSeq, scope };
}

/** The database refuses something about a row, and would again. */
const isAboutRows = (thrown: unknown): boolean => ['conflict', 'data'].includes(failureOf(thrown));

/** Why the group will never be stored; undefined when it may be, another time. */
function refusalOf(thrown: unknown, group: readonly CheckedOp[], careful: boolean): Refusal | undefined {
  if (!isAboutRows(thrown)) {
    const passes = ['lost', 'transient'].includes(failureOf(thrown));
    return careful && !passes
      ? rejected('internal_poison', 'The server cannot take this change. It was kept.')
      : undefined;
  }
  const constraint = thrown instanceof Error && 'constraint_name' in thrown ? String(thrown.constraint_name) : '';
  const known = group.flatMap((op) => ('entity' in op ? (op.entity.refusals[constraint] ?? []) : []))[0];
  if (known) return rejected(known.code, known.text);
  if (errorCode(thrown) === '23503') return rejected('parent_missing', 'What it refers to is not there.');
  return rejected('invalid', `The database refuses it${constraint ? ` (${constraint})` : ''}.`);
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const uuidsOf = (values: unknown): string[] =>
  Array.isArray(values) ? values.filter((value): value is string => typeof value === 'string' && uuid.test(value)) : [];

async function ledgerOf(
  tx: TransactionSql,
  { hospital }: SyncActor,
  ids: readonly string[],
): Promise<Map<string, LedgerRow>> {
  if (ids.length === 0) return new Map();
  const rows = await tx<LedgerRow[]>`
    select op_id, status, code, version::text, entity, row_id from sync.op
     where hospital_id = ${hospital.id}
       and op_id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb))`;
  return new Map(rows.map((row) => [row.op_id, row]));
}

async function numberBlocks(tx: TransactionSql, deviceId: string): Promise<{ first: bigint; last: bigint }[]> {
  const rows = await tx<{ first: string; last: string }[]>`
    select first_no::text as first, last_no::text as last from sync.number_block where device_id = ${deviceId}`;
  return rows.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) }));
}

/** By which keys the actor may hold rows now: their wards, and patients for whom they broke the glass. */
async function currentScope(tx: TransactionSql, actor: SyncActor): Promise<readonly string[]> {
  const rows = await tx.unsafe<{ patient_id: string }[]>(
    `select patient_id from ${actor.hospital.schema}.break_glass
      where user_id = $1 and closed_at is null and expires_at > now()`,
    [actor.userId],
  );
  return scopeOf(
    actor,
    rows.map((row) => row.patient_id),
  );
}
