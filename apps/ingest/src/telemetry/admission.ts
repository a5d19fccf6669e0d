import { type AppError, commonError, telemetryError } from '@hms/contracts';
import type { Hospital } from '../hospitals/hospital.js';
import type { Gate } from '../http/route.js';
import type { Breaker } from './store/breaker.js';

/** How much may be on its way before new requests are turned away. */
export const admissionLimits = {
  bodyBytes: 64 * 1024 * 1024,
  /** Of one hospital, while others send too. */
  bodyBytesEach: 16 * 1024 * 1024,
  /** Of one that sends alone: another that begins finds room. */
  bodyBytesAlone: 40 * 1024 * 1024,
  queuedRows: 50_000,
  /** Of one hospital, while others wait too. */
  queuedRowsEach: 12_500,
  waitedMs: 1_000,
  /** Of room and rows, for gateways of monitored wards alone. */
  criticalReserve: 0.1,
  /** Beyond its hospital's share, as a part of that. */
  criticalExcess: 0.5,
  /** Beyond its hospital's quota: so many milliseconds of it, owed to those that come later. */
  criticalDebtMs: 1_000,
} as const;

export type ShedReason = 'draining' | 'database' | 'memory' | 'queue' | 'share' | 'quota';

export interface Backlog {
  readonly queuedRows: number;
  queuedRowsOf(hospital: Hospital): number;
  waitedMsOf(hospital: Hospital): number;
}

/** Who wants in. */
export interface Applicant {
  readonly hospital: Hospital;
  /** Of class `critical`: refused last. */
  readonly isCritical: boolean;
}

/**
 * Decides before a body is read whether there is room for it. A request is refused or stored, never dropped: what was
 * let in stays in. What one hospital sends too much is refused to that hospital: to its critical gateways last, when the
 * others have had nothing let in for a while.
 */
export class Admission implements Gate<Applicant> {
  #bodyBytes = 0;
  readonly #bodyBytesOf = new Map<Hospital, number>();
  #draining = false;

  constructor(
    private readonly backlog: Backlog,
    private readonly breaker: Pick<Breaker, 'open'>,
    private readonly onShed: (reason: ShedReason) => void,
  ) {}

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /** Without a refusal, `leave` must follow with the same number and caller. */
  enter(bytes: number, caller: Applicant | undefined): AppError | undefined {
    const reason = this.#reasonAgainst(bytes, caller);
    if (reason === undefined) {
      this.#hold(bytes, caller);
      return undefined;
    }
    this.onShed(reason);
    if (reason === 'share') return telemetryError('telemetry.over-share');
    if (reason !== 'quota') return commonError('service.busy');
    const waitMs = caller?.hospital.quota.waitMs ?? 0;
    return telemetryError('telemetry.over-quota', { retryAfter: Math.ceil(waitMs / 1_000) });
  }

  leave(bytes: number, caller: Applicant | undefined): void {
    this.#hold(-bytes, caller);
  }

  /** From now on nothing is let in. */
  drain(): void {
    this.#draining = true;
  }

  #reasonAgainst(bytes: number, caller: Applicant | undefined): ShedReason | undefined {
    if (this.#draining) return 'draining';
    if (this.breaker.open) return 'database';
    const own = caller && this.#isTooMuchOf(caller, bytes);
    if (own) return own;
    const { bodyBytes, queuedRows, waitedMs, criticalReserve } = admissionLimits;
    // Until it is known who sends, the reserve is not touched.
    const isCritical = caller?.isCritical === true;
    const share = isCritical ? 1 : 1 - criticalReserve;
    if (this.#bodyBytes + bytes > bodyBytes * share) return 'memory';
    if (this.backlog.queuedRows > queuedRows * share) return 'queue';
    return caller && !isCritical && this.backlog.waitedMsOf(caller.hospital) > waitedMs ? 'queue' : undefined;
  }

  #isTooMuchOf({ hospital, isCritical }: Applicant, bytes: number): 'quota' | 'share' | undefined {
    const { criticalExcess, criticalDebtMs } = admissionLimits;
    if (hospital.quota.waitMs > (isCritical ? criticalDebtMs : 0)) return 'quota';
    return this.#isOverShare(hospital, bytes, isCritical ? 1 + criticalExcess : 1) ? 'share' : undefined;
  }

  #isOverShare(hospital: Hospital, bytes: number, times: number): boolean {
    const { bodyBytesEach, bodyBytesAlone, queuedRowsEach } = admissionLimits;
    const rows = this.backlog.queuedRowsOf(hospital);
    if (rows > queuedRowsEach * times && this.backlog.queuedRows > rows) return true;
    const held = this.#bodyBytesOf.get(hospital) ?? 0;
    return held + bytes > (this.#bodyBytes > held ? bodyBytesEach : bodyBytesAlone) * times;
  }

  /** What comes while it is not known who sends is nobody's. */
  #hold(bytes: number, caller: Applicant | undefined): void {
    this.#bodyBytes += bytes;
    if (!caller) return;
    const { hospital } = caller;
    const held = (this.#bodyBytesOf.get(hospital) ?? 0) + bytes;
    if (held > 0) this.#bodyBytesOf.set(hospital, held);
    else this.#bodyBytesOf.delete(hospital);
  }
}
