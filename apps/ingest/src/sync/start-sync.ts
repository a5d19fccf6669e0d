import { AuditKeys } from '@hms/audit';
import { commonError } from '@hms/contracts';
import type { Lifecycle, Logger } from '@hms/service-kit';
import type { SyncConfig } from '../config.js';
import type { Lane, LaneOptions } from '../database/lane.js';
import type { Hospitals } from '../hospitals/hospitals.js';
import type { Gate } from '../http/route.js';
import type { IngestMetrics } from '../operations/ingest-metrics.js';
import { SessionDirectory } from './access/session-directory.js';
import { SyncAuthenticator } from './access/sync-authenticator.js';
import { TokenVerifier } from './access/token-verifier.js';
import { startCompat } from './compat/start-compat.js';
import { QuietDevices } from './devices/quiet-devices.js';
import { Registrar } from './devices/registrar.js';
import { PokeSockets } from './live/poke-sockets.js';
import { Puller } from './pull/puller.js';
import { RowImages } from './pull/row-images.js';
import { ReadAudit } from './read-audit.js';
import { PushQueue } from './push/push-queue.js';
import { PushWriter } from './push/push-writer.js';
import { FeedWatch } from './relay/feed-watch.js';
import { SyncAudit } from './sync-audit.js';
import type { SyncRouteParts } from './sync.routes.js';
import { SyncService } from './sync.service.js';

export interface SyncStart {
  readonly config: SyncConfig;
  readonly hospitals: Hospitals;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly metrics: Pick<IngestMetrics, 'synced' | 'watchRelay'>;
  readonly openLane: (options?: LaneOptions) => Lane;
}

/** Pushes hold a connection for a transaction, pulls for a query. */
const connections = { push: 4, pull: 4 } as const;
const bodyBytesAtOnce = 64 * 1024 * 1024;

export interface SyncParts extends SyncRouteParts {
  readonly pokes: PokeSockets;
}

export function startSync({ config, hospitals, logger, lifecycle, metrics, openLane }: SyncStart): SyncParts {
  const feed = new FeedWatch(openLane(), logger);
  feed.start();
  metrics.watchRelay(() => feed.status);
  lifecycle.onStop('change feed', () => feed.stop());
  const pulls = openLane({ connections: connections.pull });
  const pushes = openLane({ connections: connections.push });
  const audit = new SyncAudit(AuditKeys.read(config.auditKeysFile));
  // Of its own: who syncs is found out even while pulls are slow.
  const sessions = new SessionDirectory(openLane(), hospitals);
  const quiet = new QuietDevices(pulls, logger);
  lifecycle.onStop('devices seen', () => quiet.stop());
  const now = Date.now;
  const queue = new PushQueue(new PushWriter({ lane: pushes, audit, logger, now }));
  const puller = new Puller({ lane: pulls, feed, images: new RowImages(pulls, feed), mostRows: config.deviceRows });
  const reads = new ReadAudit(pulls, audit);
  const authenticator = new SyncAuthenticator(new TokenVerifier(config.jwksUrl), sessions);
  return {
    pokes: new PokeSockets({ authenticator, quiet, subscribers: feed.subscribers, logger }),
    authenticator,
    service: new SyncService({
      pushes: queue,
      puller,
      sessions,
      quiet,
      registrar: new Registrar(pushes, audit),
      feed,
      audit: reads,
      logger,
      metrics,
      now,
    }),
    compat: startCompat({ lane: pulls, pushes: queue, puller, quiet, feed, audit: reads }),
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
