import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { HospitalRef } from '@hms/database';
import type { Logger } from '@hms/service-kit';
import { rootLogger } from '../observability/observability.tokens.js';
import { AuditChainRepository } from './audit-chain.repository.js';
import { AuditSequencer } from './audit-sequencer.service.js';

const everyMs = 1_000;

/** Keeps every chain going in the worker, without Redis. Several may run: each step has one at a time. */
@Injectable()
export class AuditSequencerRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly chains: AuditChainRepository,
    private readonly sequencer: AuditSequencer,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#round = this.#run().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.onApplicationBootstrap(), everyMs);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #run(): Promise<void> {
    try {
      for (const hospital of [null, ...(await this.chains.hospitals())]) {
        if (!this.#stopped) await this.#advance(hospital);
      }
    } catch (err) {
      this.logger.error({ err }, 'the audit is not being chained');
    }
  }

  async #advance(hospital: HospitalRef | null): Promise<void> {
    try {
      await this.sequencer.advance(hospital);
    } catch (err) {
      this.logger.error({ err, hospitalId: hospital?.id }, "a hospital's audit is not being chained");
    }
  }
}
