import type { SyncEntityName } from '@hms/contracts';
import { Client, type RowTypes } from './client.js';
import { type Environment, hostEnvironment } from './environment.js';
import { schema } from './limits.js';
import { Queue } from './queue/queue.js';
import { RowStore } from './rows/row-store.js';
import type { ClientStorage } from './storage/storage.js';
import { LiveLine } from './sync/live-line.js';
import { Round } from './sync/round.js';
import { type TokenSource, Transport } from './sync/transport.js';

export interface ClientOptions {
  /** Where the server is, such as `https://hms.example`. */
  readonly url: string;
  /** Of one user in one hospital: never give two users the same. */
  readonly storage: ClientStorage;
  /** Names the storage to other pages of the same origin. */
  readonly name: string;
  readonly token: TokenSource;
  readonly entities: readonly SyncEntityName[];
  /** For people who look at a list of devices: "Ward 3 tablet". */
  readonly deviceName: string;
  readonly app?: string;
  /** How many record numbers to keep for patients registered offline. */
  readonly recordNumbers?: number;
  readonly environment?: Environment;
  /** Hears of failures of the storage; the client tries again either way. */
  readonly onError?: (error: unknown) => void;
}

export function createClient<T extends RowTypes = RowTypes>(options: ClientOptions): Client<T> {
  const environment = options.environment ?? hostEnvironment(options.name);
  const queue = new Queue(options.storage.queue, environment, schema);
  const rows = new RowStore(options.storage.rows);
  const transport = new Transport(options.url, options.token, environment);
  const identity = {
    name: options.deviceName,
    ...(options.app ? { app: options.app } : {}),
    schema,
    recordNumbers: options.recordNumbers ?? 0,
    entities: options.entities,
  };
  const round = new Round({ queue, rows }, transport, identity, environment);
  const device = async (): Promise<string | undefined> => (await queue.state()).device ?? undefined;
  const live = (onNews: () => void): LiveLine =>
    new LiveLine({ url: options.url, token: options.token, environment, device, onNews });
  return new Client<T>({ queue, rows, round, environment, live, onError: options.onError ?? (() => undefined) });
}
