import type { SyncOp, SyncRegistered, SyncResponse } from '@hms/contracts';
import { offsetBy, tick, witness } from '../clock.js';
import type { Environment } from '../environment.js';
import type { Storage } from '../storage/storage.js';
import { transact, type Transaction } from '../storage/transaction.js';
import type { DraftOp } from './draft.js';
import { prune, restore, takeNewIdentity } from './recovery.js';
import {
  type AttentionItem,
  attentionTable,
  doneTable,
  freshQueue,
  putState,
  queueTable,
  type QueueState,
  seqKey,
  stateIn,
} from './queued.js';
import { settle } from './settle.js';

/** A device with an id. */
export interface Device extends QueueState {
  readonly device: string;
}

/** To which device an answer came, and when, by its clock. */
export interface Heard {
  readonly device: string;
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface Settled {
  /** How many ops left the queue. */
  readonly settled: number;
  /** Whether ops the server had forgotten wait again. */
  readonly restored: boolean;
}

/** C8: the changes of this device, in a storage of their own. Nothing here goes away because of anything about rows. */
export class Queue {
  constructor(
    readonly storage: Storage,
    private readonly environment: Pick<Environment, 'now' | 'draw'>,
    private readonly schema: number,
  ) {}

  state(): Promise<QueueState> {
    return transact(this.storage, stateIn);
  }

  /** The state, with an id for the device if it had none yet. */
  device(): Promise<Device> {
    return transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      if (state.device !== null) return { ...state, device: state.device };
      const named = { ...state, device: this.draw(state) };
      putState(tx, named);
      return named;
    });
  }

  /** What waits, in the order it is sent in. What was taken back is shown to nobody. */
  async pending(): Promise<readonly SyncOp[]> {
    return transact(this.storage, async (tx) =>
      [...(await tx.all(queueTable)).values()].filter((entry) => !entry.void).map(({ op }) => op),
    );
  }

  /** The next ops to send, as they are to be sent. */
  head(limit: number): Promise<readonly SyncOp[]> {
    return transact(this.storage, async (tx) =>
      [...(await tx.all(queueTable, limit)).values()].map((entry) => (entry.void ? voided(entry.op) : entry.op)),
    );
  }

  /** C1: the changes and their numbers are stored at once; from then on they are shown. */
  add(drafts: readonly DraftOp[], group: string | null = null): Promise<void> {
    return transact(this.storage, (tx) => this.#addIn(tx, drafts, group));
  }

  /** A change for one that needs attention, which then does not any more. */
  replace(item: AttentionItem, draft: DraftOp): Promise<void> {
    return transact(this.storage, async (tx) => {
      await this.#addIn(tx, [draft], null);
      await takeBack(tx, item);
      for (const [id, other] of await tx.all(attentionTable)) {
        // What was blocked by it depends on the new one now.
        if (id !== item.op.op && other.op.deps.includes(item.op.op)) {
          const deps = other.op.deps.map((dep) => (dep === item.op.op ? draft.op : dep));
          tx.put(attentionTable, id, { ...other, op: { ...other.op, deps } });
        }
      }
    });
  }

  /** What needs attention, oldest first. */
  attention(): Promise<readonly AttentionItem[]> {
    return transact(this.storage, async (tx) =>
      [...(await tx.all(attentionTable)).values()].sort((one, other) => one.at - other.at || one.op.seq - other.op.seq),
    );
  }

  discard(item: AttentionItem): Promise<void> {
    return transact(this.storage, (tx) => takeBack(tx, item));
  }

  /** Takes in what an answer says about this device. */
  async apply(response: SyncResponse, heard: Heard): Promise<Settled> {
    const settled = await transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      if (state.device !== heard.device) return 0;
      const now = Date.parse(response.server_time);
      await prune(tx, now);
      const off = offsetBy({ ...heard, serverTime: response.server_time }) ?? state.off;
      const hlc = witness(state.hlc, Date.parse(response.server_time));
      const isAboutOps = response.results.length > 0 || response.unprocessed_from !== null;
      putState(tx, { ...state, off, hlc, tries: isAboutOps ? freshQueue.tries : state.tries });
      return settle(tx, response.results, now);
    });
    const restored = await this.restore(response.device.last_seq + 1, heard.device);
    return { settled, restored };
  }

  /** C5: what the server has forgotten waits again. */
  restore(from: number, device: string): Promise<boolean> {
    return transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      return state.device === device && (await restore(tx, from, () => this.draw(state)));
    });
  }

  /** @param device that has a twin: another page may have noticed before */
  newIdentity(device: string): Promise<void> {
    return transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      if (state.device === device) await takeNewIdentity(tx, () => this.draw(state));
    });
  }

  registered({ device, mrns }: Pick<SyncRegistered, 'device' | 'mrns'>): Promise<void> {
    return transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      if (state.device !== device) return;
      putState(tx, { ...state, registered: true, recordNumbers: [...state.recordNumbers, ...mrns] });
    });
  }

  /** The server does not know the device (any more). */
  unregistered(device: string): Promise<void> {
    return transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      if (state.device === device) putState(tx, { ...state, registered: false });
    });
  }

  /** A number for a patient registered offline, which is given to nobody else; undefined when none is left. */
  takeRecordNumber(): Promise<string | undefined> {
    return transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      const [first, ...recordNumbers] = state.recordNumbers;
      if (first !== undefined) putState(tx, { ...state, recordNumbers });
      return first;
    });
  }

  /** A request that began with this op was answered by nothing. @returns how often so far */
  countTry(seq: number): Promise<number> {
    return transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      const count = state.tries.seq === seq ? state.tries.count + 1 : 1;
      putState(tx, { ...state, tries: { seq, count } });
      return count;
    });
  }

  /** An id for something that happens now. */
  draw({ off }: Pick<QueueState, 'off'>): string {
    return this.environment.draw(this.environment.now() + off);
  }

  async #addIn(tx: Transaction, drafts: readonly DraftOp[], group: string | null): Promise<void> {
    let state = await stateIn(tx);
    const now = this.environment.now();
    for (const draft of drafts) {
      const hlc = tick(state.hlc, now + state.off);
      const at = new Date(now).toISOString();
      const op: SyncOp = { ...draft, seq: state.nextSeq, group, sv: this.schema, hlc, at, off: state.off };
      tx.put(queueTable, seqKey(op.seq), { op });
      state = { ...state, hlc, nextSeq: op.seq + 1 };
    }
    putState(tx, state);
  }
}

/** An op under the same id that no server can apply: its number has to be used up. */
const voided = (op: SyncOp): SyncOp => ({
  ...op,
  kind: 'command',
  cmd: { name: 'void', args: {} },
  patch: null,
  was: null,
});

async function takeBack(tx: Transaction, { op }: AttentionItem): Promise<void> {
  tx.delete(attentionTable, op.op);
  const done = await tx.get(doneTable, seqKey(op.seq));
  if (done?.op.op === op.op) tx.put(doneTable, seqKey(op.seq), { ...done, void: true });
}
