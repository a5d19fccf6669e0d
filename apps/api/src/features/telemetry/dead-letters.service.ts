import { Injectable } from '@nestjs/common';
import { vitalSigns, type VitalCode, type VitalValue } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage } from '../../platform/http/page.js';
import type { DeadLetterDto, DeadLetterPageDto, DeadLetterQueryDto } from './dead-letters.dto.js';
import { DeadLettersRepository, type DeadLetterRow } from './dead-letters.repository.js';
import { telemetryStorageError } from './telemetry.errors.js';

/**
 * What was refused and nobody else would keep: readings the database does not take or whose sender named another patient, and
 * what brokers delivered. It is shown, and stored or discarded by somebody.
 */
@Injectable()
export class DeadLettersService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly letters: DeadLettersRepository,
  ) {}

  /** Newest first. */
  list({ hospital }: HospitalActor, { limit, cursor, ...filter }: DeadLetterQueryDto): Promise<DeadLetterPageDto> {
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { micros: 'integer', id: 'uuid' });
    return this.database.readInHospital(hospital, async (tx) =>
      toPage(
        await this.letters.list(tx, filter, before, limit + 1),
        limit,
        toDeadLetterDto,
        ({ receivedMicros, id }) => [Number(receivedMicros), id],
      ),
    );
  }

  /**
   * Stores the reading for whoever wore the device when it was recorded.
   * @throws `dead-letter.not-found`, or one of the other `dead-letter.` refusals, with the reading as it was
   */
  replay(actor: HospitalActor, id: string): Promise<DeadLetterDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, id);
      const refusal = await this.letters.replay(tx, id, actor.userId);
      if (refusal !== undefined) throw refusalOf(refusal);
      return toDeadLetterDto(await this.#require(tx, id));
    });
  }

  /** @throws `dead-letter.not-found`, `dead-letter.decided` */
  discard(actor: HospitalActor, id: string, reason: string): Promise<DeadLetterDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, id);
      if (!(await this.letters.discard(tx, id, actor.userId, reason)))
        throw telemetryStorageError('dead-letter.decided');
      return toDeadLetterDto(await this.#require(tx, id));
    });
  }

  async #require(tx: TenantTx, id: string): Promise<DeadLetterRow> {
    const letter = await this.letters.find(tx, id);
    if (!letter) throw telemetryStorageError('dead-letter.not-found');
    return letter;
  }
}

const refusals: Readonly<Record<string, Parameters<typeof telemetryStorageError>[0]>> = {
  decided: 'dead-letter.decided',
  unreadable: 'dead-letter.unreadable',
  'unknown-device': 'dead-letter.unknown-device',
  'wrong-patient': 'dead-letter.wrong-patient',
};

function refusalOf(reason: string): Error {
  const code = refusals[reason];
  return code
    ? telemetryStorageError(code)
    : telemetryStorageError('dead-letter.still-refused', { members: { reason } });
}

const sqlState = /^[0-9A-Z]{5}$/;

function toDeadLetterDto(row: DeadLetterRow): DeadLetterDto {
  const values: Partial<Record<VitalCode, VitalValue>> = {};
  for (const { code, column } of vitalSigns) {
    const value = row.reading[column];
    if (isVitalValue(value)) values[code] = value;
  }
  const { id, gatewayId, device, reason, leads, message, state, decidedBy, discardReason } = row;
  const isSqlState = sqlState.test(reason);
  return {
    id,
    receivedAt: row.receivedAt.toISOString(),
    gatewayId,
    device,
    recordedAt: row.recordedAt.toISOString(),
    sqlState: isSqlState ? reason : null,
    code: isSqlState ? null : reason,
    values,
    leads,
    message,
    state,
    decidedAt: row.decidedAt?.toISOString() ?? null,
    decidedBy,
    discardReason,
  };
}

/** What ingest wrote was a vital sign's value; nothing else is shown. */
const isVitalValue = (value: unknown): value is VitalValue =>
  typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && /^[ACVPU]$/.test(value));
