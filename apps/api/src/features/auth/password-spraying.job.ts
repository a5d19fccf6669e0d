import { Inject, Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { Counter, type Logger, type Registry } from '@hms/service-kit';
import { z } from 'zod';
import { ApiConfig } from '../../platform/config/api-config.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { Job } from '../../platform/jobs/job.js';
import { metricsRegistry, rootLogger } from '../../platform/observability/observability.tokens.js';
import { PasswordSprayingRepository } from './password-spraying.repository.js';

/** Accounts within ten minutes. Behind the address of a hospital many people mistype, each of them a password of their own. */
const suspicious = { password: 15, address: 25 };

/** Notices within a minute that one password, or one address, is tried on many accounts. */
@Injectable()
export class PasswordSprayingJob implements Job {
  readonly name = 'password-spraying';
  readonly data = z.object({});
  readonly attempts = 1;
  readonly backoffMs = 1_000;
  readonly schedule = { everyMs: 30_000, data: {} };
  readonly #detected: Counter<'kind'>;

  constructor(
    private readonly config: ApiConfig,
    private readonly database: HospitalDatabase,
    private readonly sprays: PasswordSprayingRepository,
    private readonly outbox: Outbox,
    @Inject(rootLogger) private readonly logger: Logger,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    this.#detected = new Counter({
      name: 'security_password_spraying_total',
      help: 'Times that one password, or one address, was found to be tried on many accounts',
      labelNames: ['kind'],
      registers: [registry],
    });
  }

  async run(): Promise<void> {
    await this.sprays.forget();
    const fresh = await this.database.inPublic(async (tx) => {
      const found = (await this.sprays.detect(tx, this.#thresholds())).filter((spraying) => spraying.fresh);
      for (const { kind, accounts } of found) {
        const type = 'security.password-spraying-detected';
        await this.outbox.add(tx, { type, payload: { kind, accounts }, hospitalId: null, actorId: null });
      }
      return found;
    });
    for (const { kind, accounts } of fresh) {
      this.#detected.inc({ kind });
      this.logger.error({ security: 'password-spraying', kind, accounts }, 'password spraying detected');
    }
  }

  /** Who multiplies the quotas expects that much more from an address. */
  #thresholds(): typeof suspicious {
    const factor = Math.max(1, this.config.rateLimitFactor);
    return { password: suspicious.password * factor, address: suspicious.address * factor };
  }
}
