import { type AppError, commonError, telemetryError } from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';

/** How many sockets may be open. One hospital has at most a quarter while others have some, and three quarters before. */
export class SocketRoom {
  #size = 0;
  readonly #sizeOf = new Map<Hospital, number>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.#size;
  }

  /** Why the hospital may not open another. */
  refusal(hospital: Hospital): AppError | undefined {
    const own = this.#sizeOf.get(hospital) ?? 0;
    if (own >= this.max * (this.#size > own ? 0.25 : 0.75)) return telemetryError('telemetry.over-share');
    return this.#size >= this.max ? commonError('service.busy') : undefined;
  }

  opened(hospital: Hospital): void {
    this.#size += 1;
    this.#sizeOf.set(hospital, (this.#sizeOf.get(hospital) ?? 0) + 1);
  }

  closed(hospital: Hospital): void {
    this.#size -= 1;
    const own = (this.#sizeOf.get(hospital) ?? 0) - 1;
    if (own > 0) this.#sizeOf.set(hospital, own);
    else this.#sizeOf.delete(hospital);
  }
}
