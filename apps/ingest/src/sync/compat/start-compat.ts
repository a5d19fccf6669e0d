import type { Lane } from '../../database/lane.js';
import type { QuietDevices } from '../devices/quiet-devices.js';
import type { Puller } from '../pull/puller.js';
import type { PushQueue } from '../push/push-queue.js';
import type { FeedWatch } from '../relay/feed-watch.js';
import type { ReadAudit } from '../read-audit.js';
import { Contacts } from './compat-client.js';
import type { CompatRouteParts } from './compat.routes.js';
import { MasterDocuments } from './master-documents.js';
import { Replicas } from './replicas.js';
import { RxdbNews } from './rxdb-news.js';
import { RxdbPull } from './rxdb-pull.js';
import { RxdbPush } from './rxdb-push.js';
import { WatermelonSync } from './watermelon-sync.js';

export interface CompatStart {
  readonly lane: Lane;
  readonly pushes: PushQueue;
  readonly puller: Puller;
  readonly quiet: QuietDevices;
  readonly feed: FeedWatch;
  readonly audit: ReadAudit;
}

export function startCompat({ lane, puller, feed, ...more }: CompatStart): CompatRouteParts {
  const contacts = new Contacts(more);
  const replicas = new Replicas(lane);
  return {
    rxdbPull: new RxdbPull({ lane, contacts, puller, replicas, feed }),
    rxdbPush: new RxdbPush({ contacts, masters: new MasterDocuments(lane) }),
    rxdbNews: new RxdbNews({ contacts, feed }),
    watermelon: new WatermelonSync({ contacts, puller, replicas, feed }),
  };
}
