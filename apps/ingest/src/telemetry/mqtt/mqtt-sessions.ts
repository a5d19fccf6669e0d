import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@hms/service-kit';

const refreshEveryMs = 2_000;

/** Ends when what was begun is finished and acknowledged. */
type Stop = () => Promise<void>;

export interface MqttSessionsParts {
  /** Opens the session of a hospital, by its short name. */
  readonly open: (slug: string) => Stop;
  /** Short names of the hospitals that are open now. */
  readonly hospitals: () => Promise<readonly string[]>;
  readonly logger: Logger;
}

/**
 * A session with the broker for each hospital, so that one whose messages cannot be stored now holds up no other. That of a
 * hospital that is suspended is left, and the broker keeps what comes for it.
 */
export class MqttSessions {
  readonly #open = new Map<string, Stop>();
  readonly #stopped = new AbortController();
  #running = Promise.resolve();

  constructor(private readonly parts: MqttSessionsParts) {}

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    await Promise.all([...this.#open.values()].map((stop) => stop()));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#refresh();
      await delay(refreshEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** While the database does not answer, they stay as they are. */
  async #refresh(): Promise<void> {
    const { hospitals, open, logger } = this.parts;
    const slugs = await hospitals().catch((err: unknown) => logger.warn({ err }, 'hospitals not heard of'));
    if (!slugs || this.#stopped.signal.aborted) return;
    for (const slug of slugs) if (!this.#open.has(slug)) this.#open.set(slug, open(slug));
    const gone = [...this.#open].filter(([slug]) => !slugs.includes(slug));
    for (const [slug] of gone) this.#open.delete(slug);
    await Promise.all(gone.map(([, stop]) => stop()));
  }
}
