import type { RequestSource } from '../push/push-request.js';
import type { SyncActor } from './sync-actor.js';

/** Who called one of the routes of sync, and from where. */
export interface SyncCaller {
  readonly actor: SyncActor;
  readonly source: RequestSource;
}
