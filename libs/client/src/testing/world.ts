import type { SyncEntityName } from '@hms/contracts';
import type { Client } from '../client.js';
import { createClient } from '../create-client.js';
import type { HttpAnswer, HttpRequest } from '../environment.js';
import { memoryStorage } from '../storage/memory.js';
import type { ClientStorage, Storage } from '../storage/storage.js';
import { ReferenceServer } from './reference-server.js';
import { httpAnswer, quiet, TestEnvironment, testStart } from './test-environment.js';
import { Process, ProcessStorage } from './unsafe-storage.js';

export const entities: readonly SyncEntityName[] = ['patients', 'notes'];

/** What becomes of a request on its way. */
export type Fate =
  | 'answered'
  | 'request-lost'
  | 'answer-lost'
  | 'answer-late'
  | 'answer-cut'
  | 'busy'
  | 'broken'
  | 'too-large'
  | 'signed-out';

interface InFlight {
  readonly app: App;
  readonly path: string;
  readonly body: string;
  readonly answer: (answer: HttpAnswer) => void;
  readonly lose: (error: Error) => void;
  /** The server has answered, and the answer is on its way. */
  readonly answered?: HttpAnswer;
}

/** One running application on a device. */
interface App {
  readonly client: Client;
  readonly process: Process;
  /** It was asked to sync, and has not ended yet. */
  syncing: boolean;
}

/** Makes a rule of the client fail, to see whether the tests notice. */
export interface Mutation {
  readonly storage?: (storage: ClientStorage) => ClientStorage;
  readonly answered?: (status: number, storage: ClientStorage) => Promise<void>;
}

/** A phone or tablet, with what is on its disk and the applications (or browser tabs) that use it. */
export class Device {
  readonly disk: ClientStorage;
  readonly environment: TestEnvironment;
  readonly apps: App[];

  constructor(
    private readonly world: World,
    readonly user: string,
    place: { readonly number: number; readonly apps: number },
  ) {
    this.disk = memoryStorage();
    this.environment = new TestEnvironment(place.number);
    this.apps = Array.from({ length: place.apps }, () => this.#open());
  }

  /** The n-th application is killed and started again. */
  restart(index: number): App {
    const before = this.apps[index % this.apps.length];
    if (before) before.process.killed = true;
    return (this.apps[index % this.apps.length] = this.#open());
  }

  app(index: number): App {
    const app = this.apps[index % this.apps.length];
    return !app || app.process.killed ? this.restart(index) : app;
  }

  #open(): App {
    const process = new Process();
    const opened = (storage: Storage): Storage => new ProcessStorage(storage, process, this.world.chance);
    const storage = { rows: opened(this.disk.rows), queue: opened(this.disk.queue) };
    const client = createClient({
      url: '',
      storage: this.world.mutation.storage?.(storage) ?? storage,
      name: 'test',
      token: () => Promise.resolve(this.user),
      entities,
      deviceName: 'phone',
      recordNumbers: 2,
      environment: this.environment.through((url, request) => this.world.send(app, url, request)),
    });
    const app: App = { client, process, syncing: false };
    return app;
  }
}

/** A server, a few devices, and a network between that does what the test says. */
export class World {
  readonly server = new ReferenceServer();
  readonly devices: readonly Device[];
  #inFlight: InFlight[] = [];
  #seed: number;

  constructor(
    seed: number,
    readonly mutation: Mutation = {},
  ) {
    this.#seed = seed;
    this.devices = [new Device(this, 'ann', { number: 1, apps: 2 }), new Device(this, 'ben', { number: 2, apps: 1 })];
    this.server.now = () => this.time;
  }

  /** Of the server. */
  time = testStart;

  /** The same numbers for the same seed. */
  readonly chance = (): number => {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  };

  device(index: number): Device {
    const device = this.devices[index % this.devices.length];
    if (!device) throw new Error('no device');
    return device;
  }

  /** Requests on their way. */
  get underWay(): number {
    return this.#alive().length;
  }

  /** Time passes for everybody. */
  pass(ms: number): void {
    this.time += ms;
    for (const { environment } of this.devices) environment.time += ms;
  }

  send(app: App, path: string, { body, signal }: HttpRequest): Promise<HttpAnswer> {
    return new Promise((answer, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')));
      this.#inFlight.push({ app, path, body, answer, lose: reject });
    });
  }

  /** An application syncs, unless it does already. */
  async sync(app: App): Promise<void> {
    if (app.syncing || app.process.killed) return;
    app.syncing = true;
    void app.client.sync().finally(() => (app.syncing = false));
    await quiet();
  }

  /** Lets one request on its way, or all at once, meet its fate. */
  async deliver(index: number, fate: Fate, all = false): Promise<void> {
    const alive = this.#alive();
    const chosen = all ? alive : alive.slice(index % Math.max(1, alive.length)).slice(0, 1);
    this.#inFlight = alive.filter((each) => !chosen.includes(each));
    for (const request of chosen) await this.#meet(request, fate);
    await quiet();
  }

  #alive(): InFlight[] {
    return this.#inFlight.filter(({ app }) => !app.process.killed);
  }

  async #meet(request: InFlight, fate: Fate): Promise<void> {
    const device = this.devices.find(({ apps }) => apps.includes(request.app));
    if (!device || fate === 'request-lost') {
      request.lose(new TypeError('no network'));
      return;
    }
    const answered = request.answered ?? this.#answer(request, device, fate);
    await this.mutation.answered?.(answered.status, device.disk);
    if (fate === 'answer-lost') request.lose(new TypeError('no network'));
    else if (fate === 'answer-late' && !request.answered) this.#inFlight.push({ ...request, answered });
    else if (fate === 'answer-cut') request.answer(httpAnswer(200, (await answered.text()).slice(0, -5)));
    else request.answer(answered);
  }

  #answer({ path, body }: InFlight, device: Device, fate: Fate): HttpAnswer {
    if (fate === 'busy') return httpAnswer(503, { code: 'service.busy' }, { 'retry-after': '1' });
    if (fate === 'too-large') return httpAnswer(413, { code: 'body.too-large' });
    if (fate === 'signed-out') return httpAnswer(401, { code: 'auth.unauthenticated' });
    const answer = this.server.handle(path, device.user, body);
    // What it did, it did.
    return fate === 'broken' ? httpAnswer(500, { code: 'internal.error' }) : answer;
  }
}
