import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { HospitalRef } from '@hms/database';
import type { Logger } from '@hms/service-kit';
import { Rounds } from '../jobs/rounds.js';
import { rootLogger } from '../observability/observability.tokens.js';
import { HospitalDirectory } from '../tenancy/hospital-directory.repository.js';
import { AuditChainRepository } from './audit-chain.repository.js';
import { AuditSequencer } from './audit-sequencer.service.js';

const everyMs = 1_000;
/** What one worker signs while another is held up for minutes is copied by that one now. */
const wholeEveryMs = 600_000;

/** Keeps every chain going in the worker, without Redis. Several may run: each step has one at a time. */
@Injectable()
export class AuditSequencerRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds: Rounds;
  #wholeAfter = 0;

  constructor(
    private readonly hospitals: HospitalDirectory,
    private readonly chains: AuditChainRepository,
    private readonly sequencer: AuditSequencer,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {
    const failed = (err: unknown): void => logger.error({ err }, 'the audit is not being chained');
    this.#rounds = new Rounds(() => this.#run(), everyMs, failed);
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#rounds.stop();
  }

  async #run(): Promise<boolean> {
    for (const hospital of [null, ...(await this.#hospitals())]) {
      if (!this.#rounds.stopped) await this.#advance(hospital);
    }
    return false;
  }

  /** Suspended ones too: whoever knocks at them is audited. */
  async #hospitals(): Promise<readonly HospitalRef[]> {
    const all = await this.hospitals.provisioned();
    if (performance.now() < this.#wholeAfter) return this.chains.moving(all);
    this.#wholeAfter = performance.now() + wholeEveryMs;
    return all;
  }

  async #advance(hospital: HospitalRef | null): Promise<void> {
    try {
      await this.sequencer.advance(hospital);
    } catch (err) {
      this.logger.error({ err, hospitalId: hospital?.id }, "a hospital's audit is not being chained");
    }
  }
}
