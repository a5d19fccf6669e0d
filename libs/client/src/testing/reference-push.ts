import { type FieldConflict, syncOp, type SyncOp, type SyncResult, type SyncStatus } from '@hms/contracts';
import { imageOf, mayHold } from './reference-pull.js';
import { type ServerRow, type ServerState, touch } from './reference-state.js';

/** A name two people gave needs a person; of other fields the server keeps its own. */
const decidedByPeople = 'name';
/** A value no row may have. */
export const refusedValue = 'refused';

type Outcome = Pick<SyncResult, 'status' | 'code' | 'text' | 'conflicts' | 'by'>;
const rejected = (code: NonNullable<SyncResult['code']>): Outcome => ({ status: 'rejected', code });
const refusals: readonly (SyncStatus | undefined)[] = ['rejected', 'conflict', 'blocked'];

/** What one op of a device does to the state. */
export class Push {
  /** Rows whose `create` was refused in this request. */
  readonly #refusedRows = new Map<string, string>();

  constructor(
    private readonly state: ServerState,
    private readonly device: string,
    private readonly scope: readonly string[],
  ) {}

  one(text: { readonly seq: number; readonly op: string }): SyncResult {
    const { seq, op } = text;
    const seen = this.state.ledger.get(op);
    const read = syncOp.safeParse(text);
    const row = read.success ? this.state.rows.get(read.data.id) : undefined;
    if (seen) return { seq, op, status: 'duplicate', was: seen, ...this.#image(row) };
    const outcome = read.success ? this.#fateOf(read.data) : rejected('invalid');
    this.state.ledger.set(op, outcome.status);
    if (!refusals.includes(outcome.status)) this.state.effects.set(op, (this.state.effects.get(op) ?? 0) + 1);
    else if (read.success && read.data.kind === 'create') this.#refusedRows.set(read.data.id, op);
    return { seq, op, ...outcome, ...this.#image(read.success ? this.state.rows.get(read.data.id) : undefined) };
  }

  #fateOf(op: SyncOp): Outcome {
    const by = op.deps.find((dep) => refusals.includes(this.state.ledger.get(dep))) ?? this.#refusedRows.get(op.id);
    if (by) return { status: 'blocked', by };
    if (Object.values(op.patch ?? {}).includes(refusedValue)) return rejected('invalid');
    return op.kind === 'create' ? this.#create(op) : this.#change(op);
  }

  #create({ id, entity, patch }: SyncOp): Outcome {
    if (this.state.rows.has(id)) return rejected('invalid');
    const row: ServerRow = {
      entity,
      id,
      version: 0,
      keys: [],
      fields: {},
      fieldVersions: {},
      makers: {},
      deleted: false,
    };
    this.state.rows.set(id, row);
    touch(this.state, row, patch ?? {}, this.device);
    return { status: 'applied' };
  }

  #change(op: SyncOp): Outcome {
    const row = this.state.rows.get(op.id);
    if (!row) return rejected('not_found');
    if (op.base === null) return rejected('invalid');
    if (!mayHold(row, this.scope)) return rejected('forbidden_scope');
    if (row.deleted) return { status: 'conflict', code: 'deleted' };
    if (op.kind === 'update') return this.#merge(op, row, op.base);
    if (op.kind === 'command' && op.cmd?.name !== 'note.sign') return rejected('invalid');
    if (op.kind === 'delete' && !op.patch?.['deletedReason']) return rejected('invalid');
    row.deleted = op.kind === 'delete';
    touch(this.state, row, op.kind === 'delete' ? {} : { signed: true }, this.device);
    return { status: 'applied' };
  }

  #merge({ patch, was }: SyncOp, row: ServerRow, base: number): Outcome {
    const takes: Record<string, unknown> = {};
    const conflicts: FieldConflict[] = [];
    for (const [field, yours] of Object.entries(patch ?? {})) {
      const changedIn = row.fieldVersions[field] ?? 0;
      const wasHidden = was !== null && Object.hasOwn(was, field) && was[field] !== (row.fields[field] ?? null);
      const isOwn = row.makers[changedIn] === this.device || row.fields[field] === yours;
      const isFree = isOwn || (changedIn <= base && !wasHidden);
      if (isFree) takes[field] = yours;
      else conflicts.push({ field, yours, theirs: row.fields[field], kept: 'theirs' });
    }
    if (conflicts.some(({ field }) => field === decidedByPeople)) return { status: 'conflict', conflicts };
    touch(this.state, row, takes, this.device);
    return conflicts.length > 0 ? { status: 'merged', conflicts } : { status: 'applied' };
  }

  #image(row: ServerRow | undefined): Pick<SyncResult, 'row' | 'ver'> {
    return row && !row.deleted && mayHold(row, this.scope) ? { row: imageOf(row), ver: row.version } : { row: null };
  }
}
