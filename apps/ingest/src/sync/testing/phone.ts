import {
  type Client,
  ClientError,
  type ClientStorage,
  createClient,
  hostEnvironment,
  memoryStorage,
  type Storage,
} from '@hms/client';
import { syncEntityNames } from '@hms/contracts';
import type { Edited } from './edits.js';
import type { HeldRow } from './disk.js';
import type { Line } from './line.js';
import type { Owner } from './people.js';

/** A change somebody was told is saved, and what of it the database shows. */
export interface SavedOp {
  readonly op: string;
  /** A text nobody else writes, or the id of a row nobody else makes. */
  readonly trace: string | undefined;
}

/** A process on a device. Nothing goes on after it is killed: not even an error. */
interface App {
  readonly client: Client;
  readonly died: Promise<'died'>;
  dies: { left: number; readonly when: 'before' | 'after' } | undefined;
  killed: boolean;
  readonly die: () => void;
}

const never = <T>(): Promise<T> => new Promise(() => undefined);

/** A device with the real client. What is on its disk outlives the application. */
export class Phone {
  readonly saved: SavedOp[] = [];
  revoked = false;
  /** How wrong its clock is. */
  aheadMs = 0;
  #app: App;

  constructor(
    readonly owner: Owner,
    readonly line: Line,
    readonly disk: ClientStorage,
    /** Hears of rows that go back to an older version, and of what the client does not expect. */
    private readonly onProblem: (problem: string) => void,
  ) {
    this.#app = this.#open();
  }

  get client(): Client {
    if (this.#app.killed) this.#app = this.#open();
    return this.#app.client;
  }

  /** The application is killed, and started again when it is next used. */
  restart(): void {
    this.#app.die();
  }

  /** The application dies with the n-th commit from now: before it is made, or before it is heard of. */
  killAt(commits: number, when: 'before' | 'after'): void {
    if (this.#app.killed) this.#app = this.#open();
    this.#app.dies = { left: commits, when };
  }

  /** Ends when nothing is left to do, it failed, or the application died. */
  async sync(): Promise<void> {
    const { client } = this;
    await this.#orDeath(client.sync());
  }

  /** Somebody changes something. */
  async changes(change: (client: Client) => Promise<Edited>): Promise<void> {
    const saved = await this.#orDeath(change(this.client).catch(refused));
    if (saved === 'died' || saved?.op === undefined) return;
    this.saved.push({ op: saved.op, trace: saved.trace });
  }

  /** The id under which the server knows it; null before it ever synced. */
  async device(): Promise<string | null> {
    const { value } = await this.disk.queue.get(['state/only']);
    const [state] = value as readonly [{ readonly device: string | null } | undefined];
    return state?.device ?? null;
  }

  /** What a backup holds. */
  async copyOfDisk(): Promise<ClientStorage> {
    const copy = memoryStorage();
    for (const part of ['rows', 'queue'] as const) {
      const { value } = await this.disk[part].list('');
      await copy[part].commit(0, { put: new Map(value), delete: new Set() });
    }
    return copy;
  }

  #orDeath<T>(work: Promise<T>): Promise<T | 'died'> {
    return Promise.race([work, this.#app.died]);
  }

  #open(): App {
    let die = (): void => undefined;
    const died = new Promise<'died'>((resolve) => {
      die = () => {
        app.killed = true;
        resolve('died');
      };
    });
    const fragile = (inner: Storage): Storage =>
      fragileStorage(
        inner,
        () => app,
        (...what) => this.#watch(...what),
      );
    const client = createClient({
      url: '',
      storage: { rows: fragile(this.disk.rows), queue: fragile(this.disk.queue) },
      name: this.owner.userId,
      token: () => Promise.resolve(this.owner.token),
      entities: syncEntityNames,
      deviceName: 'Phone',
      recordNumbers: 2,
      environment: {
        ...hostEnvironment(this.owner.userId),
        now: () => Date.now() + this.aheadMs,
        alone: (work) => work(),
        fetch: this.line.send,
      },
      onError: (err) => this.onProblem(`a client failed: ${String(err)}`),
    });
    const app: App = { client, died, dies: undefined, killed: false, die: () => die() };
    return app;
  }

  /** I8: within an era no row goes back to an older version. */
  #watch(before: readonly unknown[], after: readonly unknown[]): void {
    for (const [i, now] of (after as readonly HeldRow[]).entries()) {
      const old = before[i] as HeldRow | undefined;
      if (old?.era === now.era && now.row._v < old.row._v) {
        this.onProblem(`I8: ${now.row.id} went from ${old.row._v} back to ${now.row._v}`);
      }
    }
  }
}

/** What the client does not take is not saved. */
function refused(err: unknown): undefined {
  if (err instanceof ClientError) return undefined;
  throw err;
}

/** A disk as one process has it open. */
function fragileStorage(
  inner: Storage,
  app: () => App,
  watch: (before: readonly unknown[], after: readonly unknown[]) => void,
): Storage {
  const alive = <T>(answer: Promise<T>): Promise<T> => (app().killed ? never() : answer);
  return {
    get: (keys) => alive(inner.get(keys)),
    list: (prefix, limit) => alive(inner.list(prefix, limit)),
    watch: () => () => undefined,
    close: () => Promise.resolve(),
    commit: async (revision, changes) => {
      const { killed, dies } = app();
      if (killed) return never();
      const dying = dies && --dies.left <= 0 ? dies.when : undefined;
      if (dying) app().die();
      if (dying === 'before') return never();
      const rows = [...changes.put].filter(([key]) => key.startsWith('row/'));
      const before = await inner.get(rows.map(([key]) => key));
      const committed = await inner.commit(revision, changes);
      if (committed)
        watch(
          before.value,
          rows.map(([, value]) => value),
        );
      return dying ? never() : committed;
    },
  };
}
