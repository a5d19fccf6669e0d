import { Counter, Histogram, latencyBuckets, type Registry } from '@hms/service-kit';

/**
 * How an alarm came about: by the readings of its own transaction, by the sweep because nothing contradicted it, or by a
 * score.
 */
export type AlarmOrigin = 'limit' | 'overdue' | 'score';

export class AlarmMetrics {
  readonly #raised: Counter<'origin'>;
  readonly #lag: Histogram<'origin'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#raised = new Counter({
      name: 'alarms_raised_total',
      help: 'Alarms raised',
      labelNames: ['origin'],
      registers,
    });
    this.#lag = new Histogram({
      name: 'alert_lag_seconds',
      help: 'From the arrival of the readings to the commit of their alarm; of scores from the commit of the readings',
      labelNames: ['origin'],
      buckets: latencyBuckets,
      registers,
    });
  }

  raised(origin: AlarmOrigin, alarms: number): void {
    this.#raised.inc({ origin }, alarms);
  }

  lagged(origin: AlarmOrigin, seconds: number): void {
    this.#lag.observe({ origin }, seconds);
  }
}
