import type { LatencyHistogram } from './latency-histogram.js';
import type { Measurement } from './measurement.js';

/** Milliseconds; null for requests that never ended well, and where there was none. */
export interface Latencies {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

/** What came of one rate. Of readings where nothing else is said. */
export interface Step {
  /** A second. */
  readonly offered: number;
  /** A second, from the first request to the last answer. */
  readonly acked: number;
  readonly seconds: number;
  readonly requests: number;
  readonly sent: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly unknown: number;
  readonly skipped: number;
  /** Requests by status, and by what became of their connection. */
  readonly answers: Readonly<Record<string, number>>;
  /** From when a request was due to its ack. */
  readonly latency: Latencies;
  /** How late the generator was, milliseconds: when this is not far below the latencies, it measured itself. */
  readonly generatorLagP99: number | null;
}

export function stepOf(measured: Measurement, offered: number, seconds: number): Step {
  const { requests, readings, accepted, duplicates, rejected, unknown, skipped, answers, latency, lag } = measured;
  return {
    offered,
    acked: accepted / seconds,
    seconds,
    ...{ requests, sent: readings, accepted, duplicates, rejected, unknown, skipped },
    answers: Object.fromEntries(answers),
    latency: latenciesOf(latency),
    generatorLagP99: finite(lag.quantile(0.99)),
  };
}

const latenciesOf = (latency: LatencyHistogram): Latencies => ({
  p50: finite(latency.quantile(0.5)),
  p95: finite(latency.quantile(0.95)),
  p99: finite(latency.quantile(0.99)),
  p999: finite(latency.quantile(0.999)),
  max: finite(latency.quantile(1)),
});

const finite = (value: number): number | null => (Number.isFinite(value) ? Math.round(value * 1_000) / 1_000 : null);
