import { join } from 'node:path';
import { bringUpAll, provideClients } from '../bring-up.mjs';
import { Report } from '../lib/report.mjs';
import { UNLIMITED_FACTOR, readSettings } from '../lib/settings.mjs';
import { openStack } from '../stack.mjs';

/** @import { Stack } from '../stack.mjs' */

/** From the ports of one stack to those of the next; the launcher's own tests use what is between. */
const PORTS_APART = 300;

/** The stacks under test, each with its own servers: what one test file does to them is not seen in another. */
export class TestStacks {
  /** @type {Stack[]} of which all but perhaps the first run */
  #stacks;
  #firstIsUp = false;
  #failed = false;

  /**
   * @param {Report} report
   * @param {Stack} first
   */
  constructor(report, first) {
    this.report = report;
    this.#stacks = [first];
    this.logs = join(first.place.data, 'log');
  }

  /** @param {Report} report */
  static async open(report) {
    return new TestStacks(report, await openTestStack(0, report));
  }

  /**
   * Has at least one of them running from the first time on, and more only for as long as they are asked for.
   * @param {number} count
   * @returns {Promise<Stack[] | undefined>} as many; undefined when one of them did not start, now or before
   */
  async bringUp(count) {
    if (count > 0 && this.#failed) return undefined;
    try {
      if (count > 0) await this.#bringUpFirst();
      while (this.#stacks.length < count) await this.#bringUpNext();
      while (this.#stacks.length > Math.max(count, 1)) await this.#stacks.pop()?.stop();
      return this.#stacks.slice(0, count);
    } catch (error) {
      this.#failed = true;
      this.report.failure(error);
      return undefined;
    }
  }

  async stop() {
    for (const stack of this.#stacks.toReversed()) await stack.stop();
  }

  async #bringUpFirst() {
    const [first] = this.#stacks;
    if (this.#firstIsUp || !first) return;
    await bringUpWhole(first);
    this.#firstIsUp = true;
  }

  async #bringUpNext() {
    const index = this.#stacks.length;
    // What it goes through was shown with the first.
    const quiet = new Report((line) => line.startsWith('  ✔') || this.report.print(line));
    await this.report.step(`stack ${index + 1}`, async () => {
      const stack = await openTestStack(index, quiet);
      this.#stacks.push(stack);
      await bringUpWhole(stack);
    });
  }
}

/** @param {Stack} stack */
async function bringUpWhole(stack) {
  await bringUpAll(stack, { simulator: false });
  await provideClients(stack);
  stack.declareReady();
}

/**
 * @param {number} index
 * @param {Report} report
 */
function openTestStack(index, report) {
  const data = (process.env['HMS_TEST_DATA'] || '.data-test').replace(/\/+$/, '');
  const port = Number(process.env['HMS_TEST_PORT'] || 18_080);
  const settings = readSettings({
    ...process.env,
    HMS_DATA: index === 0 ? data : `${data}-${index + 1}`,
    HMS_PORT: String(port + index * PORTS_APART),
  });
  const own = { ...settings, portVariable: 'HMS_TEST_PORT', demo: true, rateLimitFactor: UNLIMITED_FACTOR };
  return openStack(own, report, { fresh: true });
}
