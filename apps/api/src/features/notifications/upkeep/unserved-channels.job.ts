import { Inject, Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { z } from 'zod';
import type { Job } from '../../../platform/jobs/job.js';
import { EachHospital } from '../../../platform/tenancy/each-hospital.service.js';
import { channelSenders, type ChannelSender } from '../delivery/channel-sender.js';
import { outsideChannels, type OutsideChannel } from '../notification.terms.js';
import { hasExpired, NotificationUpkeepRepository } from './notification-upkeep.repository.js';

const atATime = 1_000;
/** Another worker may have a provider, and be the one to say what became of it. */
const graceMs = 5 * 60_000;

/** Ends what waits for a channel that no provider is configured for, once it counts no more: nobody else looks at it. */
@Injectable()
export class UnservedChannelsJob implements Job {
  readonly name = 'unserved-channels';
  readonly data = z.object({});
  readonly attempts = 1;
  readonly backoffMs = 10_000;
  readonly schedule = { everyMs: 60_000, data: {} };
  readonly #unserved: readonly OutsideChannel[];

  constructor(
    private readonly database: HospitalDatabase,
    private readonly eachHospital: EachHospital,
    private readonly upkeep: NotificationUpkeepRepository,
    @Inject(channelSenders) senders: readonly ChannelSender[],
  ) {
    this.#unserved = outsideChannels.filter((channel) => !senders.some((sender) => sender.channel === channel));
  }

  async run(): Promise<void> {
    if (this.#unserved.length === 0) return;
    await this.eachHospital.runWhere(hasExpired(this.#unserved, graceMs), 'ending what no provider sends', (hospital) =>
      this.expire(hospital, new Date()),
    );
  }

  async expire(hospital: HospitalRef, now: Date): Promise<void> {
    const before = new Date(now.getTime() - graceMs);
    for (const channel of this.#unserved) {
      while (
        (await this.database.inHospital(hospital, (tx) => this.upkeep.expire(tx, channel, before, atATime))) === atATime
      );
    }
  }
}
