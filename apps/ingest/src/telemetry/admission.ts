import { type AppError, commonError, telemetryError } from '@hms/contracts';
import type { Hospital } from '../hospitals/hospital.js';
import type { Gate } from '../http/route.js';
import type { Breaker } from './store/breaker.js';

/** How much may be on its way before new requests are turned away. */
export const admissionLimits = {
  bodyBytes: 64 * 1024 * 1024,
  queuedRows: 50_000,
  /** Of one hospital, while others wait too. */
  queuedRowsEach: 12_500,
  waitedMs: 1_000,
} as const;

export type ShedReason = 'draining' | 'database' | 'memory' | 'queue' | 'share' | 'quota';

export interface Backlog {
  readonly queuedRows: number;
  queuedRowsOf(hospital: Hospital): number;
  waitedMsOf(hospital: Hospital): number;
}

/**
 * Decides before a body is read whether there is room for it. A request is refused or stored, never dropped: what was
 * let in stays in. What one hospital sends too much is refused to that hospital.
 */
export class Admission implements Gate<{ readonly hospital: Hospital }> {
  #bodyBytes = 0;
  #draining = false;

  constructor(
    private readonly backlog: Backlog,
    private readonly breaker: Pick<Breaker, 'open'>,
    private readonly onShed: (reason: ShedReason) => void,
  ) {}

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /** Without a refusal, `leave` must follow with the same number. */
  enter(bytes: number, caller: { readonly hospital: Hospital } | undefined): AppError | undefined {
    const reason = this.#reasonAgainst(bytes, caller?.hospital);
    if (reason === undefined) {
      this.#bodyBytes += bytes;
      return undefined;
    }
    this.onShed(reason);
    if (reason === 'share') return telemetryError('telemetry.over-share');
    if (reason !== 'quota') return commonError('service.busy');
    const waitMs = caller?.hospital.quota.waitMs ?? 0;
    return telemetryError('telemetry.over-quota', { retryAfter: Math.ceil(waitMs / 1_000) });
  }

  leave(bytes: number): void {
    this.#bodyBytes -= bytes;
  }

  /** From now on nothing is let in. */
  drain(): void {
    this.#draining = true;
  }

  #reasonAgainst(bytes: number, hospital: Hospital | undefined): ShedReason | undefined {
    if (this.#draining) return 'draining';
    if (this.breaker.open) return 'database';
    if (this.#bodyBytes + bytes > admissionLimits.bodyBytes) return 'memory';
    const { backlog } = this;
    if (hospital && hospital.quota.waitMs > 0) return 'quota';
    if (hospital && this.#isOverShare(hospital)) return 'share';
    if (backlog.queuedRows > admissionLimits.queuedRows) return 'queue';
    return hospital && backlog.waitedMsOf(hospital) > admissionLimits.waitedMs ? 'queue' : undefined;
  }

  #isOverShare(hospital: Hospital): boolean {
    const own = this.backlog.queuedRowsOf(hospital);
    return own > admissionLimits.queuedRowsEach && this.backlog.queuedRows > own;
  }
}
