import type { TelemetryMetrics, TelemetryRouteParts } from './telemetry.routes.js';
import { NothingAccepted } from './telemetry.service.js';

type Receive = TelemetryRouteParts['receive'];

/** Counts what became of the readings of each batch, also of one that was refused whole; once for a batch that is sent again. */
export const counted =
  (receive: Receive, metrics: Pick<TelemetryMetrics, 'answered'>): Receive =>
  async (caller, batch, receivedMs) => {
    try {
      const answer = await receive(caller, batch, receivedMs);
      if (!answer.replayed) metrics.answered(answer.receipt);
      return answer;
    } catch (err) {
      if (err instanceof NothingAccepted) metrics.answered(err.receipt);
      throw err;
    }
  };
