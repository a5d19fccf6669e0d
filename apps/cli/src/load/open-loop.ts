import { type Answer, connectionFault, noAnswer } from '../telemetry/telemetry-client.js';
import type { Measurement } from './measurement.js';

export interface Clock {
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Resolves at that time, or at once when the signal fires. */
  until(at: number, signal: AbortSignal): Promise<void>;
}

export interface OpenLoop {
  /** Requests a second. */
  readonly rate: number;
  readonly durationMs: number;
  /** Readings of each request. */
  readonly batch: number;
  /** One attempt; it rejects when the connection fails. */
  readonly send: () => Promise<Answer>;
  readonly clock: Clock;
}

/** More on their way would only measure how much memory there is. */
const mostInFlight = 20_000;

/** When the nth request is due, in milliseconds after the first: evenly, whatever became of those before it. */
export const dueAfter = (n: number, rate: number): number => (n * 1_000) / rate;

/**
 * Sends requests when they are due, whether or not earlier ones were answered, and measures each from when it was due:
 * a receiver that stalls is not spared the requests of the meantime. Nothing is sent twice.
 *
 * @param stop ends the sending; what is on its way is still waited for
 * @returns seconds from the first request to the end of the schedule or the last answer
 */
export async function openLoop(loop: OpenLoop, into: Measurement, stop: AbortSignal): Promise<number> {
  const { rate, durationMs, batch, send, clock } = loop;
  const began = clock.now();
  const open = new Set<Promise<void>>();
  const goesOn = (): boolean => !stop.aborted;
  const dispatch = (due: number): void => {
    if (into.inFlight >= mostInFlight) {
      into.skip(batch);
      return;
    }
    into.sent(batch, clock.now() - due);
    const request = send()
      .catch((err: unknown): Answer => ({ status: noAnswer, code: connectionFault(err) }))
      .then((answer) => into.answered(answer, batch, clock.now() - due))
      .finally(() => open.delete(request));
    open.add(request);
  };
  for (let n = 0; goesOn() && dueAfter(n, rate) < durationMs; n++) {
    const due = began + dueAfter(n, rate);
    if (clock.now() < due) await clock.until(due, stop);
    if (goesOn()) dispatch(due);
  }
  if (goesOn()) await clock.until(began + durationMs, stop);
  await Promise.all(open);
  return (clock.now() - began) / 1_000;
}
