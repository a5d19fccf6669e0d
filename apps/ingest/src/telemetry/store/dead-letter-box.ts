import { commonError } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import { failureOf } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { type DeadLetter, insertDeadLetters } from './dead-letters.js';

const lettersPerStatement = 200;

/** Keeps what is refused before it comes to the database, where nobody else would. */
export class DeadLetterBox {
  constructor(
    private readonly lane: Pick<Lane, 'run'>,
    private readonly logger: Logger,
  ) {}

  /** Ends when they are kept. The same ones again add nothing while nobody decided. @throws AppError 503 when they cannot be now */
  async keep(hospital: Hospital, letters: readonly DeadLetter[]): Promise<void> {
    for (let from = 0; from < letters.length; from += lettersPerStatement)
      await this.#insert(hospital, letters.slice(from, from + lettersPerStatement));
  }

  async #insert(hospital: Hospital, letters: readonly DeadLetter[]): Promise<void> {
    try {
      await this.lane.run(insertDeadLetters(hospital, letters).join('; '));
    } catch (cause) {
      if (failureOf(cause) !== 'data') throw commonError('service.unavailable', { cause });
      // It would fail for ever, and with it the message it is of.
      this.logger.error({ err: cause, hospitalId: hospital.id, letters: letters.length }, 'dead letters are lost');
    }
  }
}
