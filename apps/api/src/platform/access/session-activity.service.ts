import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@hms/service-kit';
import { LRUCache } from 'lru-cache';
import { rootLogger } from '../observability/observability.tokens.js';
import { SessionRepository } from './session.repository.js';

/** How exactly `last_seen_at` is kept. A session may therefore be found idle this much too early, never too late. */
const recordEveryMs = 60_000;
const collectForMs = 250;

/** Records that sessions are in use: off the path of the request, at most once a minute each, many in one statement. */
@Injectable()
export class SessionActivity implements BeforeApplicationShutdown {
  readonly #recorded = new LRUCache<string, true>({ max: 50_000, ttl: recordEveryMs });
  #due = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sessions: SessionRepository,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  /** Returns at once. */
  seen(sessionId: string): void {
    if (this.#recorded.has(sessionId)) return;
    this.#recorded.set(sessionId, true);
    this.#due.add(sessionId);
    this.#timer ??= setTimeout(() => void this.#record(), collectForMs).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#record();
  }

  async #record(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ids = [...this.#due];
    this.#due = new Set();
    if (ids.length === 0) return;
    try {
      await this.sessions.touch(ids, new Date());
    } catch (err) {
      for (const id of ids) this.#recorded.delete(id);
      this.logger.warn({ err, sessions: ids.length }, 'cannot record the use of sessions');
    }
  }
}
