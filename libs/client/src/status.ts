import { suspectMs } from './clock.js';
import type { QueueState } from './queue/queued.js';
import type { RowsState } from './rows/held.js';
import type { EngineState } from './sync/engine.js';

/** What a person should know about their device. */
export interface ClientStatus extends EngineState {
  /** Changes the server does not know of yet. */
  readonly waiting: number;
  /** Changes a person has to look at. */
  readonly attention: number;
  /** The server's time of its last answer. */
  readonly syncedAt: string | null;
  /** Until when the device may be used without having synced again. */
  readonly leaseUntil: string | null;
  /** Nothing is shown until it has synced. */
  readonly locked: boolean;
  /** The version of the app is too old to be sent anything; this schema is asked for. */
  readonly upgrade: number | null;
  /** By entity, where the server had more than a device should hold: what was written before is found online only. */
  readonly historyFrom: Readonly<Record<string, string>>;
  /** The clock of the device is off by more than ten minutes. */
  readonly clockSuspect: boolean;
  /** False when the browser may evict what is stored: changes are taken only while there is a connection (C9). */
  readonly durable: boolean;
}

/** What a status is made of. */
export interface Facts {
  readonly engine: EngineState;
  readonly queue: QueueState;
  readonly rows: RowsState;
  readonly waiting: number;
  readonly attention: number;
  readonly durable: boolean;
  readonly now: number;
}

export function statusOf({ engine, queue, rows, waiting, attention, durable, now }: Facts): ClientStatus {
  return {
    ...engine,
    waiting,
    attention,
    syncedAt: rows.syncedAt,
    leaseUntil: rows.leaseUntil,
    locked: isLocked(engine, rows, now + queue.off),
    upgrade: rows.upgrade,
    historyFrom: rows.historyFrom,
    clockSuspect: Math.abs(queue.off) > suspectMs,
    durable,
  };
}

/**
 * Whether the device has been without contact for longer than it may. A device that never had any holds nothing but its
 * own changes. A clock set back counts as standing still since the last contact.
 *
 * @param now by the server's clock, as far as the device knows it
 */
export function isLocked(engine: EngineState, { leaseUntil, syncedAt }: RowsState, now: number): boolean {
  if (engine.phase === 'revoked' || engine.phase === 'wiped') return true;
  return leaseUntil !== null && Math.max(now, Date.parse(syncedAt ?? leaseUntil)) >= Date.parse(leaseUntil);
}

/** One line for the person: "3 changes waiting, last synced 10:42". */
export function summaryOf(status: ClientStatus, clock: Intl.DateTimeFormatOptions = {}, locale = 'en-GB'): string {
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', ...clock });
  const parts = [
    status.locked ? 'Locked until it has synced' : undefined,
    status.waiting > 0 ? `${count(status.waiting, 'change')} waiting` : undefined,
    status.attention > 0 ? `${count(status.attention, 'change')} to look at` : undefined,
    status.syncedAt === null ? 'never synced' : `last synced ${time.format(new Date(status.syncedAt))}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;
