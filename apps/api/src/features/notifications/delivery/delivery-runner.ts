import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@hms/service-kit';
import { Rounds } from '../../../platform/jobs/rounds.js';
import { rootLogger } from '../../../platform/observability/observability.tokens.js';
import { channelSenders, type ChannelSender } from './channel-sender.js';
import { DeliverySweep } from './delivery-sweep.service.js';

const idleMs = 1_000;

/**
 * Asks PostgreSQL what is due, channel by channel, so that a provider that is slow delays no other. It needs no Redis:
 * what is lost there is no notification.
 */
@Injectable()
export class DeliveryRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #channels: readonly Rounds[];

  constructor(
    sweep: DeliverySweep,
    @Inject(channelSenders) senders: readonly ChannelSender[],
    @Inject(rootLogger) logger: Logger,
  ) {
    this.#channels = senders.map(
      (sender) =>
        new Rounds(
          () => sweep.run(sender),
          idleMs,
          (err) => logger.error({ err, channel: sender.channel }, 'notifications wait'),
        ),
    );
  }

  onApplicationBootstrap(): void {
    for (const rounds of this.#channels) rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#channels.map((rounds) => rounds.stop()));
  }
}
