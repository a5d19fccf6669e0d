import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestDevice, TestGateway } from './test-hospital.js';
import type { TestIngest } from './test-ingest.js';

const perBatch = 5;
const pauseMs = 5;

/**
 * A gateway that sends batch after batch, each again and again until it is accepted. Every reading has a millisecond of
 * its own, so that it can be found.
 */
export class Sender {
  /** Times, in milliseconds since 1970, of readings that were reported as stored. */
  readonly acknowledged: number[] = [];
  #sending = true;
  #time: number;
  readonly #ended: Promise<void>;

  constructor(
    private readonly ingest: () => TestIngest,
    private readonly gateway: TestGateway,
    private readonly device: TestDevice,
  ) {
    this.#time = Date.now() - 3_600_000;
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#sending = false;
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (this.#sending) {
      const times = Array.from({ length: perBatch }, () => this.#time++);
      const body = { batch: randomUUID(), readings: times.map((t) => ({ d: this.device.name, t, hr: 70 })) };
      await this.#insist(body);
    }
  }

  async #insist(body: { readings: readonly { t: number }[] }): Promise<void> {
    do {
      if (await this.#accepted(body)) return;
      await delay(pauseMs);
    } while (this.#sending);
  }

  async #accepted(body: { readings: readonly { t: number }[] }): Promise<boolean> {
    try {
      const { status, body: receipt } = await this.ingest().post(this.gateway.key, body);
      if (status !== 200 || receipt['accepted'] !== perBatch) return false;
      this.acknowledged.push(...body.readings.map(({ t }) => t));
      return true;
    } catch {
      return false;
    }
  }
}
