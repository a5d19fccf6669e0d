import { AuditKeys } from '@hms/audit';
import { commonError } from '@hms/contracts';
import type { Lifecycle, Logger } from '@hms/service-kit';
import type { SyncConfig } from '../config.js';
import type { Lane, LaneOptions } from '../database/lane.js';
import type { Hospitals } from '../hospitals/hospitals.js';
import type { Gate } from '../http/route.js';
import { SessionDirectory } from './access/session-directory.js';
import { SyncAuthenticator } from './access/sync-authenticator.js';
import { TokenVerifier } from './access/token-verifier.js';
import { QuietDevices } from './devices/quiet-devices.js';
import { Registrar } from './devices/registrar.js';
import { Puller } from './pull/puller.js';
import { PushWriter } from './push/push-writer.js';
import { ResultRows } from './push/result-rows.js';
import { FeedWatch } from './relay/feed-watch.js';
import { SyncAudit } from './sync-audit.js';
import type { SyncRouteParts } from './sync.routes.js';
import { SyncService } from './sync.service.js';

export interface SyncStart {
  readonly config: SyncConfig;
  readonly hospitals: Hospitals;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly openLane: (options?: LaneOptions) => Lane;
}

/** Pushes hold a connection for a transaction, pulls for a query. */
const connections = { push: 4, pull: 4 } as const;
const bodyBytesAtOnce = 64 * 1024 * 1024;

export function startSync({ config, hospitals, logger, lifecycle, openLane }: SyncStart): SyncRouteParts {
  const feed = new FeedWatch(openLane(), logger);
  feed.start();
  lifecycle.onStop('change feed', () => feed.stop());
  const pulls = openLane({ connections: connections.pull });
  const pushes = openLane({ connections: connections.push });
  const audit = new SyncAudit(AuditKeys.read(config.auditKeysFile));
  // Of its own: who syncs is found out even while pulls are slow.
  const sessions = new SessionDirectory(openLane(), hospitals);
  const quiet = new QuietDevices(pulls, logger);
  lifecycle.onStop('devices seen', () => quiet.stop());
  const now = Date.now;
  return {
    authenticator: new SyncAuthenticator(new TokenVerifier(config.jwksUrl), sessions),
    service: new SyncService({
      lane: pulls,
      writer: new PushWriter({ lane: pushes, audit, now }),
      puller: new Puller(pulls),
      rows: new ResultRows(pulls),
      sessions,
      quiet,
      registrar: new Registrar(pushes, audit),
      feed,
      audit,
      now,
    }),
    gate: byteGate(bodyBytesAtOnce),
  };
}

/** Lets in what fits. */
function byteGate(limit: number): Gate {
  let held = 0;
  return {
    enter: (bytes) => {
      if (held + bytes > limit) return commonError('service.busy');
      held += bytes;
      return undefined;
    },
    leave: (bytes) => {
      held -= bytes;
    },
  };
}
