import { AppError, commonError, commonErrors } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import { failureOf } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { type DeadLetter, keepWhileRoom, type LetterRoom } from './dead-letters.js';

const lettersPerStatement = 200;
const logEveryMs = 10_000;

/**
 * Full: not kept, because the hospital has as many as are kept that nobody decided about. Lost: the database will never
 * take them.
 */
export type DeadLetterOutcome = 'kept' | 'full' | 'lost';

/** The hospital has as many as are kept, until somebody decides about some. */
export class DeadLettersFull extends AppError {
  constructor() {
    super('service.unavailable', commonErrors['service.unavailable']);
  }
}

/** Keeps what is refused before it comes to the database, where nobody else would. */
export class DeadLetterBox {
  #toldAt = -Infinity;

  constructor(
    private readonly lane: Pick<Lane, 'run'>,
    private readonly count: (outcome: DeadLetterOutcome, letters: number) => void,
    private readonly logger: Logger,
  ) {}

  /**
   * Ends when they are kept. The same ones again add nothing while nobody decided.
   * @throws {@link DeadLettersFull}; AppError 503 when they cannot be kept now
   */
  async keep(hospital: Hospital, letters: readonly DeadLetter[]): Promise<void> {
    for (let from = 0; from < letters.length; from += lettersPerStatement) {
      const some = letters.slice(from, from + lettersPerStatement);
      const outcome = await this.#insert(hospital, some);
      this.count(outcome, some.length);
      if (outcome === 'full') this.#refuse(hospital);
    }
  }

  /** Told now and then: what waits for room comes again and again. */
  #refuse({ id }: Hospital): never {
    if (performance.now() - this.#toldAt > logEveryMs) {
      this.#toldAt = performance.now();
      this.logger.error({ hospitalId: id }, 'there is no room for more dead letters');
    }
    throw new DeadLettersFull();
  }

  async #insert(hospital: Hospital, letters: readonly DeadLetter[]): Promise<DeadLetterOutcome> {
    try {
      const [room] = await this.lane.run<LetterRoom>(keepWhileRoom(hospital, letters));
      return room?.hasRoom === true ? 'kept' : 'full';
    } catch (cause) {
      if (failureOf(cause) !== 'data') throw commonError('service.unavailable', { cause });
      // It would fail for ever, and with it the message it is of.
      this.logger.error({ err: cause, hospitalId: hospital.id, letters: letters.length }, 'dead letters are lost');
      return 'lost';
    }
  }
}
