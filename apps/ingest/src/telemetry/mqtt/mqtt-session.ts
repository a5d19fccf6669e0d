import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@hms/service-kit';
import { type Delivery, MqttConnection, type MqttOptions } from './mqtt-connection.js';

const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** Keeps a session with a broker, connecting again for as long as it has to. */
export class MqttSession {
  readonly #stopped = new AbortController();
  #connection: MqttConnection | undefined;
  #running = Promise.resolve();
  #pauseMs = firstPauseMs;

  constructor(
    private readonly options: MqttOptions,
    private readonly onDelivery: (delivery: Delivery) => void,
    private readonly logger: Logger,
  ) {}

  get #stopping(): boolean {
    return this.#stopped.signal.aborted;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Takes nothing more, waits for `settled`, and leaves; the broker keeps what was not acknowledged. */
  async stop(settled: Promise<unknown>): Promise<void> {
    this.#stopped.abort();
    this.#connection?.pause();
    await settled;
    this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) await this.#connectOnce();
  }

  /** Ends when the connection has, and it is time for the next. */
  async #connectOnce(): Promise<void> {
    const broker = this.options.url.host;
    this.#connection = new MqttConnection(this.options, this.onDelivery, () => {
      this.#pauseMs = firstPauseMs;
      this.logger.info({ broker, subscription: this.options.subscription }, 'subscribed over MQTT');
    });
    const err = await this.#connection.ended;
    if (this.#stopping) return;
    this.logger.warn({ err: err?.message, broker }, 'no connection to the MQTT broker');
    await delay(this.#pauseMs * (0.5 + Math.random() / 2), undefined, this.#stopped).catch(() => undefined);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }
}
