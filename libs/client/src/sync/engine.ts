import type { Environment } from '../environment.js';
import type { Queue } from '../queue/queue.js';
import type { RowStore } from '../rows/row-store.js';
import { erase } from '../storage/transaction.js';
import { backoffMs, retryAfterMs } from './backoff.js';
import type { Remedy } from './remedy.js';
import type { Round, RoundResult } from './round.js';

export type SyncPhase =
  /** Nothing is done by itself. */
  | 'stopped'
  | 'syncing'
  /** In step with the server. */
  | 'idle'
  /** The last try failed; the next one is on its way. */
  | 'waiting'
  /** The server takes no token it is given. Changes are kept. */
  | 'signed-out'
  /** The device may not sync any more. Changes are kept. */
  | 'revoked'
  /** The device may not sync any more, and everything on it was deleted. */
  | 'wiped';

export interface EngineState {
  readonly phase: SyncPhase;
  /** Why the last try failed: a code of the server, or `network`, `storage`, `no-progress`. */
  readonly problem: string | null;
  /** When the next try is, by the device's clock. */
  readonly nextTryAt: number | null;
}

/** After so many remedies in a row that did not help it is left for later. */
const maxRemedies = 10;

/** C3: syncs until nothing is left to do, and tries again after every failure, for as long as it takes. */
export class Engine {
  #state: EngineState = { phase: 'stopped', problem: null, nextTryAt: null };
  #running: Promise<void> | undefined;
  #again = false;
  #started = false;
  #failures = 0;
  #online = false;
  /** The server does not want to be asked before. */
  #notBefore = 0;
  #forgetTimer: (() => void) | undefined;

  constructor(
    private readonly round: Round,
    private readonly stores: { readonly queue: Queue; readonly rows: RowStore },
    private readonly environment: Pick<Environment, 'now' | 'random' | 'later' | 'alone'>,
    private readonly tell: { readonly changed: () => void; readonly failed: (error: unknown) => void },
  ) {}

  get state(): EngineState {
    return this.#state;
  }

  /** Whether the last try succeeded. */
  get isOnline(): boolean {
    return this.#online;
  }

  start(): void {
    if (this.#started || this.#isOver) return;
    this.#started = true;
    void this.sync();
  }

  /** Gives up what is on its way. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#again = false;
    this.#forgetTimer?.();
    this.round.abort();
    await this.#running;
    if (!this.#isOver) this.#become({ phase: 'stopped' });
  }

  /** Something happened: a change was made, the network is back, the server called. Tries at once, unless told to wait. */
  poke(): void {
    if (!this.#started) return;
    const wait = this.#notBefore - this.environment.now();
    if (wait <= 0) void this.sync();
  }

  /** C4: one sync at a time. Ends when nothing is left to do or it failed; never fails itself. */
  sync(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#forgetTimer?.();
    this.#running = this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  get #isOver(): boolean {
    return this.#state.phase === 'revoked' || this.#state.phase === 'wiped';
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      this.#become({ phase: 'syncing', problem: this.#state.problem });
      this.#finish(await this.environment.alone(() => this.#drain()).catch((err: unknown) => this.#broken(err)));
    } while (this.#isWantedAgain());
  }

  /** Something came while the last sync was under way. */
  #isWantedAgain(): boolean {
    return this.#again && this.#state.phase === 'idle';
  }

  #broken(error: unknown): End {
    this.tell.failed(error);
    return { kind: 'failed', problem: 'storage' };
  }

  async #drain(): Promise<End> {
    let remedies = 0;
    // Fewer numbers than wished for are no reason not to sync.
    if ((await this.round.standing()) === 'short-of-numbers') await this.round.register();
    for (;;) {
      const result = remedies < maxRemedies ? await this.#step() : ({ kind: 'stuck' } as const);
      switch (result.kind) {
        case 'more':
          remedies = 0;
          continue;
        case 'remedy': {
          remedies++;
          const end = await this.#apply(result.remedy, result.device);
          if (end) return end;
          continue;
        }
        case 'drained':
          return result;
        case 'signed-out':
          return { kind: 'failed', phase: 'signed-out', problem: 'auth.unauthenticated' };
        case 'silent':
          return { kind: 'failed', problem: 'network' };
        case 'stuck':
          return { kind: 'failed', problem: 'no-progress' };
      }
    }
  }

  async #step(): Promise<RoundResult> {
    return (await this.round.standing()) === 'unknown' ? this.round.register() : this.round.sync();
  }

  /** @returns how the sync ends, if it does */
  async #apply(remedy: Remedy, device: string): Promise<End | undefined> {
    switch (remedy.do) {
      case 'register':
        await this.stores.queue.unregistered(device);
        return undefined;
      case 'restore':
        await this.stores.queue.restore(remedy.from, device);
        return undefined;
      case 'new-identity':
        await this.stores.queue.newIdentity(device);
        return undefined;
      case 'send-less':
        return this.round.sendLess() ? undefined : { kind: 'failed', problem: 'body.too-large' };
      case 'stop':
        return remedy.wipe ? this.#wipe() : this.#revoke();
      case 'wait':
        return {
          kind: 'failed',
          problem: remedy.code,
          ...(remedy.afterMs === undefined ? {} : { afterMs: remedy.afterMs }),
        };
    }
  }

  async #revoke(): Promise<End> {
    await this.stores.rows.endLease();
    return { kind: 'over', phase: 'revoked' };
  }

  async #wipe(): Promise<End> {
    await erase(this.stores.rows.storage);
    await erase(this.stores.queue.storage);
    return { kind: 'over', phase: 'wiped' };
  }

  #finish(end: End): void {
    this.#online = end.kind === 'drained';
    if (end.kind === 'over') {
      this.#started = false;
      this.#become({ phase: end.phase, problem: 'sync.device-revoked' });
    } else if (end.kind === 'drained') {
      this.#failures = 0;
      this.#notBefore = 0;
      this.#schedule('idle', null, end.nextMs);
    } else {
      this.#failures++;
      const random = this.environment.random();
      const delay = end.afterMs === undefined ? backoffMs(this.#failures, random) : retryAfterMs(end.afterMs, random);
      this.#notBefore = end.afterMs === undefined ? 0 : this.environment.now() + delay;
      this.#schedule(end.phase ?? 'waiting', end.problem, delay);
    }
  }

  #schedule(phase: SyncPhase, problem: string | null, delayMs: number): void {
    this.#forgetTimer?.();
    if (this.#started) this.#forgetTimer = this.environment.later(() => void this.sync(), delayMs);
    this.#become({ phase, problem, nextTryAt: this.#started ? this.environment.now() + delayMs : null });
  }

  #become(state: Partial<EngineState> & Pick<EngineState, 'phase'>): void {
    this.#state = { problem: null, nextTryAt: null, ...state };
    this.tell.changed();
  }
}

type End =
  | { readonly kind: 'drained'; readonly nextMs: number }
  | { readonly kind: 'failed'; readonly problem: string; readonly phase?: SyncPhase; readonly afterMs?: number }
  | { readonly kind: 'over'; readonly phase: 'revoked' | 'wiped' };
