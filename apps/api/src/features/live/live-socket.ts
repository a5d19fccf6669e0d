import type { Problem, VitalsUpdate } from '@hms/contracts';
import type { DefaultEventsMap, Namespace, Socket } from 'socket.io';
import type { HospitalIdentity } from '../../platform/access/actor.js';
import type { Audience } from './audience.policy.js';
import type { LiveChange } from './live-change.js';

/** What a client hears. */
export interface LiveServerEvents {
  /**
   * A snapshot after connecting, then what is new. Show a value only when its `recordedAt` is not older than what is
   * shown: a snapshot may be a second behind.
   */
  vitals: (updates: readonly VitalsUpdate[]) => void;
  /** Something changed that the client may read. */
  change: (change: LiveChange) => void;
  /** Updates do not arrive at the moment; `resync` and a snapshot follow when they do again. */
  interrupted: () => void;
  /** Updates were missed; a snapshot follows. */
  resync: () => void;
  /** The connection is about to be closed. */
  expired: (reason: { readonly code: string }) => void;
  /** An event of the client's was refused. */
  exception: (problem: Problem) => void;
}

/** What the server knows of a connected client. */
export interface LiveSession {
  actor: HospitalIdentity;
  /** When its token stops counting, ms since the epoch. */
  expiresAt: number;
  readonly audience: Audience;
}

export type LiveSocket = Socket<DefaultEventsMap, LiveServerEvents, DefaultEventsMap, LiveSession>;
export type LiveNamespace = Namespace<DefaultEventsMap, LiveServerEvents, DefaultEventsMap, LiveSession>;
