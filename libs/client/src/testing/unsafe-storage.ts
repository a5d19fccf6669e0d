import type { Changes, Found, Storage } from '../storage/storage.js';

/** Nothing goes on after a process is killed: not even an error. */
const never = <V>(): Promise<V> => new Promise(() => undefined);

/** A process that may be killed. */
export class Process {
  killed = false;
  #dies: { left: number; readonly when: 'before' | 'after' } | undefined;

  /** Dies with the n-th commit from now: before it is made, or before it is heard of. */
  killAt(commits: number, when: 'before' | 'after'): void {
    this.#dies = { left: commits, when };
  }

  /** Whether it is this commit the process dies with. */
  diesAt(): 'before' | 'after' | undefined {
    if (!this.#dies || --this.#dies.left > 0) return undefined;
    this.killed = true;
    return this.#dies.when;
  }
}

/** A storage as one process has it open, among others: each answer comes a little later or sooner. */
export class ProcessStorage implements Storage {
  constructor(
    private readonly inner: Storage,
    private readonly process: Process,
    private readonly chance: () => number,
  ) {}

  async get(keys: readonly string[]): Promise<Found<readonly unknown[]>> {
    await this.#turn();
    return this.inner.get(keys);
  }

  async list(prefix: string, limit?: number): Promise<Found<readonly (readonly [string, unknown])[]>> {
    await this.#turn();
    return this.inner.list(prefix, limit);
  }

  async commit(revision: number, changes: Changes): Promise<boolean> {
    await this.#turn();
    const dies = this.process.diesAt();
    if (dies === 'before') return never();
    const committed = await this.inner.commit(revision, changes);
    return dies ? never() : committed;
  }

  watch(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #turn(): Promise<void> {
    for (let turns = Math.floor(this.chance() * 6); turns > 0; turns--) await Promise.resolve();
    if (this.process.killed) await never();
  }
}
