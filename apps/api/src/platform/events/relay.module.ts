import { Module, type DynamicModule, type InjectionToken, type Type } from '@nestjs/common';
import { QueuesModule } from '../jobs/jobs.module.js';
import { DeliveryRepository } from './delivery.repository.js';
import { Deliveries } from './delivery.service.js';
import { ConsumerRegistry, type EventConsumer } from './event-consumer.js';
import { OutboxCleanupJob } from './outbox-cleanup.job.js';
import { OutboxMetrics } from './outbox-metrics.js';
import { OutboxStateRepository } from './outbox-state.repository.js';
import { RelayRepository } from './relay.repository.js';
import { OutboxRelay } from './relay.service.js';

@Module({ providers: [OutboxCleanupJob, OutboxStateRepository], exports: [OutboxCleanupJob, OutboxStateRepository] })
export class OutboxCleanupModule {}

@Module({})
export class RelayModule {
  /** Relays events, to live sockets and to the consumers these modules export. */
  static serving(
    consumers: readonly InjectionToken<EventConsumer>[],
    imports: readonly (Type | DynamicModule)[],
  ): DynamicModule {
    return {
      module: RelayModule,
      imports: [QueuesModule, OutboxCleanupModule, ...imports],
      providers: [
        Deliveries,
        DeliveryRepository,
        OutboxMetrics,
        OutboxRelay,
        RelayRepository,
        {
          provide: ConsumerRegistry,
          inject: [...consumers],
          useFactory: (...made: EventConsumer[]) => new ConsumerRegistry(made),
        },
      ],
    };
  }
}
