import type { SyncOp, SyncRequestBody, SyncResponse } from '@hms/contracts';
import type { Environment } from '../environment.js';
import { limits, protocol } from '../limits.js';
import { nextBatch } from '../queue/batch.js';
import type { Device, Queue } from '../queue/queue.js';
import type { RowsState } from '../rows/held.js';
import type { RowStore } from '../rows/row-store.js';
import { type Remedy, remedyFor } from './remedy.js';
import type { Answer, Transport } from './transport.js';

/** Who and what syncs. */
export interface SyncIdentity {
  /** For people who look at a list of devices. */
  readonly name: string;
  readonly app?: string;
  readonly schema: number;
  /** How many record numbers to keep for patients registered offline. */
  readonly recordNumbers: number;
  readonly entities: readonly string[];
}

export type RoundResult =
  | { readonly kind: 'drained'; readonly nextMs: number }
  | { readonly kind: 'more' }
  | { readonly kind: 'remedy'; readonly remedy: Remedy; readonly device: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'signed-out' }
  /** Answered, and nothing came of it. */
  | { readonly kind: 'stuck' };

/** One request and what comes of it. */
export class Round {
  #maxOps: number = limits.ops;
  #sent = 0;
  /** The front of the queue fails again and again: what there is to fetch does not wait for it. */
  #fetchesFirst = false;

  constructor(
    private readonly stores: { readonly queue: Queue; readonly rows: RowStore },
    private readonly transport: Transport,
    private readonly identity: SyncIdentity,
    private readonly environment: Pick<Environment, 'now'>,
  ) {}

  async register(): Promise<RoundResult> {
    const { device, recordNumbers } = await this.stores.queue.device();
    const { name, app, schema } = this.identity;
    const mrns = Math.max(0, this.identity.recordNumbers - recordNumbers.length);
    const answer = await this.transport.register({ v: protocol, device, name, ...(app ? { app } : {}), schema, mrns });
    if (answer.kind !== 'answered') return notAgain(await this.#failed(answer, device, undefined));
    await this.stores.queue.registered(answer.body);
    return { kind: 'more' };
  }

  async sync(): Promise<RoundResult> {
    const device = await this.stores.queue.device();
    const state = await this.stores.rows.state();
    const fetchesOnly = this.#fetchesFirst;
    this.#fetchesFirst = false;
    // So far that a group that begins in this request is seen whole.
    const ops = fetchesOnly ? [] : nextBatch(await this.stores.queue.head(2 * limits.ops), this.#maxOps);
    this.#sent = ops.length;
    const answer = await this.transport.sync(this.#request(device, state, ops));
    if (answer.kind !== 'answered') return this.#failed(answer, device.device, ops[0]);
    const response = answer.body;
    const entities = new Map(ops.map(({ op, entity }) => [op, entity]));
    // Rows before queue: an op whose effect is shown twice is shown once; one that left without its effect would vanish.
    const tookIn = await this.stores.rows.apply(response, state.round, (op) => entities.get(op));
    const { settled, restored } = await this.stores.queue.apply(response, { ...answer, device: device.device });
    // What was too large once grows again step by step.
    this.#maxOps = Math.min(clamp(response.hints.max_ops), (fetchesOnly ? 1 : 2) * this.#maxOps);
    const isNews = !tookIn || settled > 0 || restored || bringsNews(state, response);
    const next = await this.#next(response, isNews);
    if (!fetchesOnly || next.kind === 'drained') return next;
    this.#fetchesFirst = isNews && !response.complete;
    return { kind: 'more' };
  }

  /** The last request was too large, or too much. False when it cannot be made any smaller. */
  sendLess(): boolean {
    if (this.#sent <= 1) return false;
    this.#maxOps = Math.floor(this.#sent / 2);
    return true;
  }

  /** Whether the device is known to the server, and has record numbers enough. */
  async standing(): Promise<'registered' | 'short-of-numbers' | 'unknown'> {
    const { registered, recordNumbers } = await this.stores.queue.state();
    if (!registered) return 'unknown';
    return recordNumbers.length < this.identity.recordNumbers / 2 ? 'short-of-numbers' : 'registered';
  }

  /** Gives up a request that is on its way. */
  abort(): void {
    this.transport.abort();
  }

  #request(device: Device, state: RowsState, ops: readonly SyncOp[]): SyncRequestBody {
    const { app, schema, entities } = this.identity;
    const isRetried = ops[0]?.seq === device.tries.seq;
    return {
      v: protocol,
      device: device.device,
      schema,
      ...(app ? { app } : {}),
      attempt: isRetried ? device.tries.count + 1 : 1,
      clock: { wall: new Date(this.environment.now()).toISOString(), hlc: device.hlc },
      ack: state.purged === null ? {} : { purge: state.purged },
      ops: [...ops],
      pull: { cursors: Object.fromEntries(entities.map((entity) => [entity, state.cursors[entity] ?? null])) },
    };
  }

  async #next({ complete, unprocessed_from, purge, hints }: SyncResponse, isNews: boolean): Promise<RoundResult> {
    const isDrained = complete && unprocessed_from === null && !purge && (await this.stores.queue.head(1)).length === 0;
    if (isDrained) return { kind: 'drained', nextMs: hints.next_ms };
    return isNews ? { kind: 'more' } : { kind: 'stuck' };
  }

  async #failed(
    answer: Exclude<Answer<never>, { kind: 'answered' }>,
    device: string,
    first: SyncOp | undefined,
  ): Promise<RoundResult> {
    const isUnclear = answer.kind === 'silent' || (answer.kind === 'refused' && answer.status >= 500);
    if (isUnclear && first && (await this.stores.queue.countTry(first.seq)) > 1) {
      this.sendLess();
      this.#fetchesFirst = true;
    }
    return answer.kind === 'refused' ? { kind: 'remedy', remedy: remedyFor(answer), device } : answer;
  }
}

const clamp = (maxOps: number): number => Math.min(limits.ops, Math.max(1, Math.trunc(maxOps) || 1));

const bringsNews = (state: RowsState, { cursors, purge }: SyncResponse): boolean =>
  (purge !== undefined && purge.ver !== state.purged) ||
  Object.entries(cursors).some(([entity, cursor]) => state.cursors[entity] !== cursor);

/** An id that is another user's stays so: registering once more does not help. */
const notAgain = (result: RoundResult): RoundResult =>
  result.kind === 'remedy' && result.remedy.do === 'register'
    ? { ...result, remedy: { do: 'wait', code: 'sync.unknown-device' } }
    : result;
