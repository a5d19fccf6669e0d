import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** @import { Held, HoldingOrder } from './holding-process.mjs' */

const program = fileURLToPath(new URL('./holding-process.mjs', import.meta.url));

/** A process that holds connections, which are closed when it is stopped. */
export class Holding {
  #child = fork(program);

  /** @param {HoldingOrder} order */
  async open(order) {
    this.#child.send(order);
    await once(this.#child, 'message');
  }

  /** @returns {Promise<Held>} */
  async report() {
    const told = once(this.#child, 'message');
    this.#child.send('report');
    return (await told)[0];
  }

  async stop() {
    this.#child.disconnect();
    await once(this.#child, 'exit');
  }
}
