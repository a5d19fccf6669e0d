import type { Logger } from '@hms/service-kit';
import type { Replied } from '../http/server.js';

const perSecond = 10;

/** Logs our own failures, a few per second: when the database is away every request is one. */
export class ErrorLog {
  #second = 0;
  #logged = 0;
  #suppressed = 0;

  constructor(
    private readonly logger: Logger,
    private readonly now: () => number = Date.now,
  ) {}

  replied({ path, status, requestId, thrown }: Replied): void {
    if (status < 500) return;
    const second = Math.floor(this.now() / 1_000);
    if (second !== this.#second) {
      if (this.#suppressed > 0) this.logger.error({ count: this.#suppressed }, 'further requests failed');
      this.#second = second;
      this.#logged = this.#suppressed = 0;
    }
    if (this.#logged++ < perSecond)
      this.logger.error({ requestId, route: path, status, err: thrown }, 'request failed');
    else this.#suppressed++;
  }
}
