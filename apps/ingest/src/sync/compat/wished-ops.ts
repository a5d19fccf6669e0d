import { syncEntities, syncSchema } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import { uuidv7 } from 'uuidv7';
import type { SyncActor } from '../access/sync-actor.js';
import { isRefusal } from '../push/decision.js';
import type { RawOp } from '../push/op-check.js';
import type { Answered, UnnumberedOps } from '../push/push-request.js';
import { keyOf, openMatters, storedRows } from './stored-rows.js';
import { type Change, changeOf, type Wish } from './wish.js';

/** What became of wishes, as far as their client has to be told. */
export interface Unfulfilled {
  /** Refused for good, now or before, or nothing had to be done: the feed says nothing to the client of these rows. */
  readonly untold: readonly Wish[];
  /** Decided by what others did meanwhile. */
  readonly overtaken: readonly Wish[];
}

export interface Wished {
  readonly actor: SyncActor;
  readonly deviceId: string;
  readonly wishes: readonly Wish[];
}

/** Makes ops of wishes, for a push that numbers them itself. It may be asked again when the push is begun again. */
export class WishedOps implements UnnumberedOps {
  #wishes = new Map<string, Wish>();
  #withoutOp: Wish[] = [];

  constructor(private readonly wished: Wished) {}

  async compose(tx: TransactionSql, first: number): Promise<readonly RawOp[]> {
    const { actor, deviceId, wishes } = this.wished;
    const rows = await storedRows(tx, actor.hospital.schema, wishes);
    const isOpen = await openMatters(tx, actor, deviceId, wishes);
    this.#wishes = new Map();
    this.#withoutOp = [];
    const ops: RawOp[] = [];
    for (const wish of wishes) {
      const change = changeOf(wish, rows.get(keyOf(wish)));
      if (!change || isOpen(change)) {
        this.#withoutOp.push(wish);
        continue;
      }
      const op = opOf(change, first + ops.length);
      this.#wishes.set(op.op, wish);
      ops.push(op);
    }
    return ops;
  }

  unfulfilled(answers: readonly Answered[]): Unfulfilled {
    const of = (holds: (answer: Answered) => boolean): Wish[] =>
      answers.flatMap((answer) => (holds(answer) ? (this.#wishes.get(answer.result.op) ?? []) : []));
    return {
      untold: [...this.#withoutOp, ...of((answer) => isForGood(answer) || isElsewhere(answer, this.#wishes))],
      overtaken: of(
        ({ result, ...answer }) => isOvertaken(result.status) && !isElsewhere({ result, ...answer }, this.#wishes),
      ),
    };
  }
}

const isOvertaken = (status: string): boolean => status === 'conflict' || status === 'merged';

const isForGood = ({ result: { status } }: Answered): boolean => isRefusal(status) && !isOvertaken(status);

/** Another row says it already: the client's own was not made. */
const isElsewhere = ({ result, target }: Answered, wishes: ReadonlyMap<string, Wish>): boolean =>
  target !== undefined && target.id !== wishes.get(result.op)?.id;

function opOf(change: Change, seq: number): RawOp {
  return { seq, op: uuidv7(), ...change, sv: syncSchema, at: new Date().toISOString() };
}

/** As the functions of the database take rows. */
export const rowsJson = (wishes: readonly Pick<Wish, 'entity' | 'id'>[]): string =>
  JSON.stringify(wishes.map(({ entity, id }) => ({ entity: syncEntities[entity].no, id })));
