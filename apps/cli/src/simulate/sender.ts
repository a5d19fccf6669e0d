import { type Answer, connectionFault, noAnswer } from '../telemetry/telemetry-client.js';
import { type Batch } from './batch.js';
import { type Random } from './random.js';
import { mayRetry, retryDelay } from './retry.js';
import { type Tally } from './tally.js';

export interface SenderParts {
  /** One attempt. Rejects when the connection fails. */
  readonly post: (batch: Batch) => Promise<Answer>;
  /** Resolves after so many milliseconds, or at once when `giveUp` fires. */
  readonly wait: (ms: number) => Promise<void>;
  readonly now: () => number;
  readonly random: Random;
  readonly tally: Tally;
  /** Told of everything that was refused although it was right, and of a receiver that does not answer. */
  readonly complain: (message: string) => void;
  /** Called when the receiver wants nothing from this gateway, whatever it sends: going on is pointless. */
  readonly keyRefused: () => void;
  /** Ends all attempts; what is not acknowledged by then counts as lost. */
  readonly giveUp: AbortSignal;
}

/** Delivers batches until each is acknowledged or refused for good. */
export class Sender {
  constructor(private readonly parts: SenderParts) {}

  async deliver(batch: Batch): Promise<void> {
    const { tally, now, giveUp, random, wait } = this.parts;
    const began = now();
    for (let attempt = 1; !giveUp.aborted; attempt++) {
      const answer = await this.#attempt(batch);
      if (!mayRetry(answer.status)) {
        tally.addLatency(now() - began);
        this.#settle(batch, answer);
        return;
      }
      tally.retries++;
      if (attempt === 3) this.parts.complain(`${describe(answer)}, still trying`);
      await wait(retryDelay(attempt, answer.retryAfter, random));
    }
  }

  async #attempt(batch: Batch): Promise<Answer> {
    try {
      return await this.parts.post(batch);
    } catch (err) {
      // Whether it arrived is unknown; the batch key makes sending it again safe.
      return { status: noAnswer, code: connectionFault(err) };
    }
  }

  #settle(batch: Batch, { status, receipt, code }: Answer): void {
    const { tally, complain, keyRefused } = this.parts;
    if (!receipt) {
      if (status === 401 || status === 403) keyRefused();
      complain(`a batch of ${String(batch.size)} was refused: ${String(status)} ${code ?? ''}`.trimEnd());
      return;
    }
    tally.acknowledged += receipt.accepted + receipt.duplicates;
    tally.duplicates += receipt.duplicates;
    tally.rejected += receipt.rejectedTotal;
    const wronged = receipt.rejected.filter(({ i }) => !batch.malformed.has(i));
    tally.rejectedOnPurpose += Math.min(batch.malformed.size, receipt.rejectedTotal - wronged.length);
    if (wronged.length > 0) {
      complain(`readings were refused: ${[...new Set(wronged.map((reject) => reject.code))].join(', ')}`);
    }
  }
}

const describe = ({ status, code }: Answer): string =>
  `${status === noAnswer ? 'no answer' : `answer ${String(status)}`}${code === undefined ? '' : ` (${code})`}`;
