import type { Hospital } from '../../hospitals/hospital.js';
import { isAlone, type PushAnswer, type PushRequest } from './push-request.js';
import type { PushOutcome, PushWriter } from './push-writer.js';

/** Transactions of one hospital at once: one that waits for a lock shall not stop all its phones. */
const underway = 2;
const opsAtOnce = 500;

interface Waiting {
  readonly request: PushRequest;
  readonly settle: (outcome: PushOutcome) => void;
}

/**
 * Pushes of one hospital that come while others are under way are made together. When there is little to do nobody waits;
 * the more there is, the more shares a transaction.
 */
export class PushQueue {
  readonly #hospitals = new WeakMap<Hospital, HospitalQueue>();

  constructor(private readonly writer: Pick<PushWriter, 'push'>) {}

  /** @throws what {@link PushWriter} says of it */
  async push(request: PushRequest): Promise<PushAnswer> {
    const { hospital } = request.actor;
    let queue = this.#hospitals.get(hospital);
    if (!queue) {
      queue = new HospitalQueue((requests) => this.writer.push(hospital, requests));
      this.#hospitals.set(hospital, queue);
    }
    const outcome = await queue.add(request);
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }
}

class HospitalQueue {
  #waiting: Waiting[] = [];
  #underway = 0;
  /** Devices of pushes under way: a second push of one of them would hold up all that share its transaction. */
  readonly #busy = new Set<string>();

  constructor(private readonly write: (requests: readonly PushRequest[]) => Promise<readonly PushOutcome[]>) {}

  add(request: PushRequest): Promise<PushOutcome> {
    return new Promise((settle) => {
      this.#waiting.push({ request, settle });
      this.#next();
    });
  }

  #next(): void {
    while (this.#underway < underway) {
      const batch = this.#take();
      if (batch.length === 0) return;
      void this.#make(batch);
    }
  }

  async #make(batch: readonly Waiting[]): Promise<void> {
    this.#underway++;
    for (const { request } of batch) this.#busy.add(request.deviceId);
    const outcomes = await this.#written(batch.map(({ request }) => request));
    for (const { request } of batch) this.#busy.delete(request.deviceId);
    this.#underway--;
    for (const [i, { settle }] of batch.entries()) settle(outcomes[i] as PushOutcome);
    this.#next();
  }

  async #written(requests: readonly PushRequest[]): Promise<readonly PushOutcome[]> {
    try {
      return await this.write(requests);
    } catch (reason) {
      return requests.map(() => ({ status: 'rejected', reason }));
    }
  }

  /** Those that can be made together, in the order they came; a device's, and one that has to be, by itself. */
  #take(): readonly Waiting[] {
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    const devices = new Set(this.#busy);
    let ops = 0;
    for (const one of this.#waiting) {
      const { deviceId, ops: its } = one.request;
      const fits = batch.length === 0 || (![one, ...batch].some(staysAlone) && ops + its.length <= opsAtOnce);
      if (fits && !devices.has(deviceId)) {
        batch.push(one);
        ops += its.length;
      } else {
        left.push(one);
      }
      // Also of one that has to wait: those of a device are made in the order they came.
      devices.add(deviceId);
    }
    this.#waiting = left;
    return batch;
  }
}

const staysAlone = ({ request }: Waiting): boolean => isAlone(request);
