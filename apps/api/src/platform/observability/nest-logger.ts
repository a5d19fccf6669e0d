import type { LoggerService } from '@nestjs/common';
import { describeError, type Logger } from '@hms/service-kit';

/** Nest's own messages, as JSON lines of the service. Only start-up failures and warnings say anything new. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(): void {
    // module-by-module start-up chatter
  }

  warn(message: unknown): void {
    this.logger.warn({ nest: text(message) }, 'framework warning');
  }

  error(message: unknown): void {
    this.logger.error({ nest: text(message) }, 'framework error');
  }
}

const text = (message: unknown): unknown => (typeof message === 'string' ? message : describeError(message));
