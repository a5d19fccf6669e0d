import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, type Registry } from '@hms/service-kit';
import { metricsRegistry } from '../../platform/observability/observability.tokens.js';

@Injectable()
export class LiveMetrics {
  readonly connections: Gauge;
  readonly events: Counter<'event'>;
  /** Updates not sent because the client reads too slowly, or the audit writes too slowly; a snapshot follows. */
  readonly skipped: Counter;
  /** From the moment a device took a reading to its update being handed to the sockets. */
  readonly age: Histogram;

  constructor(@Inject(metricsRegistry) registry: Registry) {
    const registers = [registry];
    this.connections = new Gauge({ name: 'live_connections', help: 'Sockets of /live', registers });
    this.events = new Counter({
      name: 'live_events_total',
      help: 'Events handed to sockets of /live, one for each socket',
      labelNames: ['event'],
      registers,
    });
    this.skipped = new Counter({
      name: 'live_events_skipped_total',
      help: 'Events a socket was not sent because it reads, or the audit writes, too slowly',
      registers,
    });
    this.age = new Histogram({
      name: 'live_reading_age_seconds',
      help: 'From the moment a reading was taken to its update being sent, device clocks included',
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
      registers,
    });
  }
}
