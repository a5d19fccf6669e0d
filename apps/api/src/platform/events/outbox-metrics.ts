import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, type Registry } from '@hms/service-kit';
import { metricsRegistry } from '../observability/observability.tokens.js';
import { OutboxStateRepository } from './outbox-state.repository.js';

@Injectable()
export class OutboxMetrics {
  readonly deliveries: Counter<'consumer' | 'outcome'>;

  constructor(@Inject(metricsRegistry) registry: Registry, state: OutboxStateRepository) {
    const registers = [registry];
    this.deliveries = new Counter({
      name: 'outbox_deliveries_total',
      help: 'Tries of deliveries to consumers of events',
      labelNames: ['consumer', 'outcome'],
      registers,
    });
    const lag = new Gauge({
      name: 'outbox_lag_seconds',
      help: 'Age of the oldest event some consumer has not handled',
      registers,
      // Without a database the last figures stand; readiness says why.
      collect: async () => {
        const now = await state.read().catch(() => undefined);
        if (!now) return;
        lag.set(now.lagSeconds);
        dead.set(now.dead);
      },
    });
    const dead = new Gauge({
      name: 'outbox_dead',
      help: 'Deliveries that wait for somebody to replay them',
      registers,
    });
  }
}
