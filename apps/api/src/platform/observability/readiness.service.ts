import { Inject, Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import { databaseRightsQuery, tooManyRights } from '@hms/service-kit';
import type { Redis } from 'ioredis';
import { redisConnection } from '../database/database.tokens.js';

export interface Readiness {
  readonly status: 'ok';
  /** Redis may be away: the API then works without cache and live events. */
  readonly redis: 'up' | 'down';
}

@Injectable()
export class ReadinessService {
  #draining = false;

  constructor(
    private readonly database: HospitalDatabase,
    @Inject(redisConnection) private readonly redis: Redis,
  ) {}

  /** From now on the orchestrator is told to send no more requests. */
  drain(): void {
    this.#draining = true;
  }

  /** @throws an Error when the database says that its login may too much; one that is away says nothing yet */
  async refuseTooManyRights(): Promise<void> {
    const { tooMany } = await this.database.describeConnection(databaseRightsQuery).catch(() => ({ tooMany: false }));
    if (tooMany === true) throw new Error(`Refusing to start: ${tooManyRights}`);
  }

  /** @throws `service.unavailable` while draining or without a database */
  async check(): Promise<Readiness> {
    if (this.#draining) throw commonError('service.unavailable', { detail: 'shutting down' });
    await this.database.checkReady().catch((err: unknown) => {
      throw commonError('service.unavailable', { detail: 'the database does not answer', cause: err });
    });
    return { status: 'ok', redis: this.redis.status === 'ready' ? 'up' : 'down' };
  }
}
