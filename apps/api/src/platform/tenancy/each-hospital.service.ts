import { Inject, Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalCondition, type HospitalRef } from '@hms/database';
import type { Logger } from '@hms/service-kit';
import { rootLogger } from '../observability/observability.tokens.js';
import { HospitalDirectory } from './hospital-directory.repository.js';

@Injectable()
export class EachHospital {
  constructor(
    private readonly hospitals: HospitalDirectory,
    private readonly database: HospitalDatabase,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  /**
   * Does the work in one hospital after another, in suspended ones too: what they keep expires all the same. One where it
   * fails stops no other.
   * @throws an Error at the end when any failed, so that the job is tried again
   */
  async run(what: string, work: (hospital: HospitalRef) => Promise<void>): Promise<void> {
    await this.#runIn(await this.hospitals.provisioned(), what, work);
  }

  /** Likewise, in those hospitals only where there is something to do: what comes often must cost nothing in quiet ones. */
  async runWhere(
    condition: HospitalCondition,
    what: string,
    work: (hospital: HospitalRef) => Promise<void>,
  ): Promise<void> {
    await this.#runIn(await this.database.hospitalsWhere(await this.hospitals.provisioned(), condition), what, work);
  }

  async #runIn(
    hospitals: readonly HospitalRef[],
    what: string,
    work: (hospital: HospitalRef) => Promise<void>,
  ): Promise<void> {
    let failed = 0;
    for (const hospital of hospitals) {
      try {
        await work(hospital);
      } catch (err) {
        failed += 1;
        this.logger.error({ err, hospitalId: hospital.id }, `${what} failed`);
      }
    }
    if (failed > 0) throw new Error(`${what}: ${failed} of ${hospitals.length} hospitals failed`);
  }
}
