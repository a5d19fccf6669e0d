import { setImmediate as turn } from 'node:timers/promises';

/** A row every process sees as it is committed, read and written slowly. */
export class SharedRecord {
  #committed = 0;
  reads = 0;

  /** Sees what is committed after `before` turns of the event loop and says it `after` turns later. */
  async load(before = 1, after = 0): Promise<{ version: number }> {
    this.reads += 1;
    await turns(before);
    const version = this.#committed;
    await turns(after);
    return { version };
  }

  async commit(before = 0): Promise<number> {
    await turns(before);
    return (this.#committed += 1);
  }
}

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}
