import {
  AppError,
  commonError,
  type RejectCode,
  type RejectedReading,
  telemetryErrors,
  type TelemetryReceipt,
} from '@hms/contracts';
import type { DeviceDirectory } from '../devices/device-directory.js';
import type { HealthWriter } from '../devices/health/health-writer.js';
import type { Caller } from '../gateways/caller.js';
import { identify } from './batch-identity.js';
import { explain, type Explanation } from './explanation.js';
import { lateAfterMs } from './late.js';
import type { RecentBatches } from './recent-batches.js';
import { type Answer, type BatchContent, type BatchIdentity, Submission } from './submission.js';
import { type DeadLetterBox, DeadLettersFull } from './store/dead-letter-box.js';
import type { TelemetryBatch } from './telemetry-batch.js';

export interface TelemetryParts {
  readonly devices: Pick<DeviceDirectory, 'devicesOf' | 'devicesNow'>;
  readonly recent: RecentBatches;
  readonly health: Pick<HealthWriter, 'add'>;
  readonly submit: (submission: Submission) => void;
  readonly now: () => number;
  /** Ends when dead letters are kept. @throws AppError 503 */
  readonly keep: DeadLetterBox['keep'];
  /** Told of readings that name a patient who did not wear the device. */
  readonly onWrongPatient?: (caller: Caller, readings: number) => void;
}

const problemOf: Record<RejectCode, keyof typeof telemetryErrors> = {
  malformed: 'telemetry.malformed',
  unsupported: 'telemetry.unsupported',
  unknown_field: 'telemetry.unknown-code',
  unknown_device: 'telemetry.unknown-device',
  foreign_device: 'telemetry.foreign-device',
  disabled_device: 'telemetry.disabled-device',
  wrong_patient: 'telemetry.wrong-patient',
  missing_time: 'telemetry.missing-time',
  missing_zone: 'telemetry.missing-zone',
  future_timestamp: 'telemetry.future-time',
  too_old: 'telemetry.too-old',
  out_of_range: 'telemetry.out-of-range',
  not_a_number: 'telemetry.not-a-number',
  inconsistent: 'telemetry.inconsistent',
  empty: 'telemetry.empty',
  not_storable: 'telemetry.not-storable',
};

/** Takes in a gateway's batch, whatever format it came in. */
export class TelemetryService {
  constructor(private readonly parts: TelemetryParts) {}

  /**
   * Ends when the readings are committed.
   * @throws {@link NothingAccepted} when none of them can be accepted, AppError 409 when its key was used for another batch, 503 when it
   * could not be stored in time, or what of it waits for somebody to decide could not be kept
   */
  async receive(caller: Caller, batch: TelemetryBatch, receivedMs: number): Promise<Answer> {
    const identity = identify(batch, receivedMs);
    const store = (): Promise<Answer> => this.#store(caller, contentOf(caller, batch, identity, receivedMs));
    if (!identity) return store();
    return this.parts.recent.once(`${caller.gatewayId} ${identity.key}`, identity.bodyHash, store);
  }

  /** How the batch would be stored. Nothing is. @throws AppError 503 when the devices cannot be looked up */
  async explain(caller: Caller, batch: TelemetryBatch, receivedMs: number): Promise<Explanation> {
    const identity = identify(batch, receivedMs);
    return explain(await this.#resolve(contentOf(caller, batch, identity, receivedMs)), batch);
  }

  async #store(caller: Caller, content: BatchContent): Promise<Answer> {
    const submission = await this.#resolve(content);
    this.#reportWrongPatients(caller, submission);
    if (submission.rows.length === 0) {
      this.parts.health.add(submission, []);
      await this.#keepRefused(submission);
      throw new NothingAccepted(submission.receipt());
    }
    content.hospital.quota.take(submission.weight);
    this.parts.submit(submission);
    const answer = await submission.answered;
    if (!answer.replayed) this.parts.health.add(submission, submission.rows);
    await this.#keepRefused(submission);
    if (answer.receipt.accepted + answer.receipt.duplicates === 0) throw new NothingAccepted(answer.receipt);
    return answer;
  }

  /**
   * Readings of another patient than the device's wait for somebody to decide, and whatever no sender is told of. Where a
   * sender is told, its batch does not wait for room.
   */
  async #keepRefused({ content, notResolved }: Submission): Promise<void> {
    const { gatewayId, hospital, unheard, whole } = content;
    const kept = notResolved.filter(({ refusal }) => unheard === true || (!whole && refusal.code === 'wrong_patient'));
    if (kept.length === 0) return;
    const letters = kept.map(({ reading, refusal }) => ({ gatewayId, reading, reason: refusal.code }));
    await this.parts.keep(hospital, letters).catch((err: unknown) => {
      if (unheard === true || !(err instanceof DeadLettersFull)) throw err;
    });
  }

  #reportWrongPatients(caller: Caller, submission: Submission): void {
    if (submission.resolved) return;
    const wrong = submission.receipt().rejected.filter(({ code }) => code === 'wrong_patient').length;
    if (wrong > 0) this.parts.onWrongPatient?.(caller, wrong);
  }

  async #resolve(content: BatchContent): Promise<Submission> {
    const { devices, now } = this.parts;
    try {
      const submission = new Submission(content, await devices.devicesOf(content.hospital), now());
      if (!submission.resolved) submission.resolveWith(await devices.devicesNow(content.hospital));
      return submission;
    } catch (cause) {
      throw commonError('service.unavailable', { cause });
    }
  }
}

function contentOf(
  { hospital, gatewayId }: Caller,
  { readings, rejected, whole = false, unheard = false }: TelemetryBatch,
  identity: BatchIdentity | undefined,
  receivedMs: number,
): BatchContent {
  const lateBefore = (receivedMs - lateAfterMs) * 1_000;
  return { hospital, gatewayId, identity, lateBefore, readings, rejected, whole, unheard };
}

/** Of a batch no reading could be taken. The problem is that of the first; a foreign device only when all are. */
export class NothingAccepted extends AppError {
  constructor(readonly receipt: TelemetryReceipt) {
    const { rejected, rejectedTotal } = receipt;
    const [first = { i: 0, code: 'empty' } satisfies RejectedReading] = rejected;
    const { code } = rejected.find((each) => each.code !== 'foreign_device') ?? first;
    super(problemOf[code], telemetryErrors[problemOf[code]], { members: { rejected, rejectedTotal } });
  }
}
