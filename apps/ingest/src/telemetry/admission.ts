import type { Breaker } from './store/breaker.js';

/** How much may be on its way before new requests are turned away. */
export const admissionLimits = { bodyBytes: 64 * 1024 * 1024, queuedRows: 50_000, waitedMs: 1_000 } as const;

export type ShedReason = 'draining' | 'database' | 'memory' | 'queue';

export interface Backlog {
  readonly queuedRows: number;
  readonly waitedMs: number;
}

/**
 * Decides before a body is read whether there is room for it. A request is refused or stored, never dropped: what was
 * let in stays in.
 */
export class Admission {
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

  /** When true, `leave` must follow with the same number. */
  tryEnter(bytes: number): boolean {
    const reason = this.#reasonAgainst(bytes);
    if (reason) this.onShed(reason);
    else this.#bodyBytes += bytes;
    return reason === undefined;
  }

  leave(bytes: number): void {
    this.#bodyBytes -= bytes;
  }

  /** From now on nothing is let in. */
  drain(): void {
    this.#draining = true;
  }

  #reasonAgainst(bytes: number): ShedReason | undefined {
    if (this.#draining) return 'draining';
    if (this.breaker.open) return 'database';
    if (this.#bodyBytes + bytes > admissionLimits.bodyBytes) return 'memory';
    const { queuedRows, waitedMs } = this.backlog;
    return queuedRows > admissionLimits.queuedRows || waitedMs > admissionLimits.waitedMs ? 'queue' : undefined;
  }
}
