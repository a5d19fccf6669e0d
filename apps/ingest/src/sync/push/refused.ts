import type { SyncEntityName } from '@hms/contracts';
import type { ReadyOp } from '../entities/entity.js';
import { parentIdOf, patientIdOf } from './op-target.js';
import { type Decision, isRefusal } from './decision.js';
import type { WorkingSet } from './working-set.js';

/** Ops that took no effect, by what depends on them. */
export class Refused {
  readonly #ops = new Set<string>();
  readonly #creates = new Map<string, string>();

  note({ op, raw, result }: Decision): void {
    if (!isRefusal(result.status)) return;
    this.#ops.add(result.op);
    const { kind, entity, id } = op ?? raw;
    if (kind !== 'create' || typeof entity !== 'string' || typeof id !== 'string') return;
    this.#creates.set(`${entity} ${id}`, result.op);
  }

  /** An op that was refused when it came before. */
  noteEarlier(op: string): void {
    this.#ops.add(op);
  }

  /**
   * The refused op this one depends on: one it names, or one that should have made its row or what the row is about, unless
   * somebody else made that.
   */
  blocker(op: ReadyOp, set: WorkingSet): string | undefined {
    const named = op.deps.find((dep) => this.#ops.has(dep));
    const parents = [
      [op.entity, op.id],
      ['patients', patientIdOf(op)],
      [op.entity, parentIdOf(op)],
    ] as const;
    const missing = parents.filter(([entity, id]) => id !== '' && !exists(set, entity, id));
    return named ?? missing.map(([entity, id]) => this.#creates.get(`${entity} ${id}`)).find((by) => by !== undefined);
  }
}

const exists = (set: WorkingSet, entity: SyncEntityName, id: string): boolean =>
  set.find(entity, id) !== undefined || (entity === 'patients' && set.placement(id) !== undefined);
