import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@hms/service-kit';
import { Rounds } from '../jobs/rounds.js';
import { rootLogger } from '../observability/observability.tokens.js';
import { FeedEviction } from './feed-eviction.service.js';

const everyMs = 250;

/** Follows the change feed in the worker. */
@Injectable()
export class FeedEvictionRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds(
    () => this.#run(),
    everyMs,
    (err) => this.#failed(err),
  );
  #failing = false;

  constructor(
    private readonly eviction: FeedEviction,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#rounds.stop();
  }

  async #run(): Promise<boolean> {
    const more = await this.eviction.step();
    this.#failing = false;
    return more;
  }

  #failed(err: unknown): void {
    if (!this.#failing) this.logger.warn({ err }, 'caches are not told of what changed');
    this.#failing = true;
  }
}
