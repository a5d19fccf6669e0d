import { type Answer, noAnswer } from '../telemetry/telemetry-client.js';
import { LatencyHistogram } from './latency-histogram.js';

/** What was sent at one rate and what became of it. Durations are milliseconds from when a request was due. */
export class Measurement {
  requests = 0;
  readings = 0;
  /** Acked readings, of them those that were there already, and refused ones. */
  accepted = 0;
  duplicates = 0;
  rejected = 0;
  /** Readings of requests that got no answer, or none that says: they may be stored or not. */
  unknown = 0;
  /** Readings that were due, but not sent because too many requests were already on their way. */
  skipped = 0;
  inFlight = 0;
  /** Answers by status, and connections by what became of them. */
  readonly answers = new Map<string, number>();
  readonly latency = new LatencyHistogram();
  /** How late the generator itself was. */
  readonly lag = new LatencyHistogram();

  sent(readings: number, lagMs: number): void {
    this.requests++;
    this.inFlight++;
    this.readings += readings;
    this.lag.add(lagMs);
  }

  skip(readings: number): void {
    this.skipped += readings;
    this.latency.addEndless();
  }

  /** @param readings of the request; only an answer that acks some of them has a duration */
  answered(answer: Answer, readings: number, ms: number): void {
    this.inFlight--;
    const key = answer.status === noAnswer ? (answer.code ?? 'no answer') : String(answer.status);
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
    if (answer.status < 200 || answer.status > 299) this.latency.addEndless();
    else this.latency.add(ms);
    this.#count(answer, readings);
  }

  /** Answers that say "not now". */
  get shed(): number {
    return (this.answers.get('429') ?? 0) + (this.answers.get('503') ?? 0);
  }

  #count({ status, receipt }: Answer, readings: number): void {
    if (receipt) {
      this.accepted += receipt.accepted;
      this.duplicates += receipt.duplicates;
      this.rejected += receipt.rejectedTotal;
    } else if (status === 204) this.accepted += readings;
    // Of a line protocol's partial write, and of an answer like 502, nobody knows what is stored.
    else if (status === noAnswer || status === 400 || (status >= 500 && status !== 503)) this.unknown += readings;
  }
}
