import type { SyncRegistered, SyncRequest, SyncResponse } from '@hms/contracts';
import type { Client } from '../client.js';
import { type ClientOptions, createClient } from '../create-client.js';
import type { HttpAnswer } from '../environment.js';
import { memoryStorage } from '../storage/memory.js';
import { responseOf } from './ops.js';
import { httpAnswer, TestEnvironment } from './test-environment.js';

export interface Exchange {
  readonly path: string;
  readonly token: string;
  readonly body: SyncRequest;
}

type Scripted = HttpAnswer | Partial<SyncResponse> | 'lost';

/** A client whose server says what the test tells it to; when it was told nothing, that all ops are applied and nothing is new. */
export class ScriptedServer {
  readonly requests: Exchange[] = [];
  readonly environment = new TestEnvironment();
  readonly storage = memoryStorage();
  token: (again: boolean) => Promise<string | null> = () => Promise.resolve('token');
  readonly #script: Scripted[] = [];

  constructor() {
    this.environment.answer = (url, { body, headers }) => {
      const request = { path: url, token: headers['authorization'] ?? '', body: JSON.parse(body) as SyncRequest };
      this.requests.push(request);
      if (url === '/sync/register' && !isAnswer(this.#script[0])) return Promise.resolve(this.#registered(request));
      return this.#next(request);
    };
  }

  /** The answers to come, in order. */
  says(...script: Scripted[]): void {
    this.#script.push(...script);
  }

  client(more: Partial<ClientOptions> = {}): Client {
    return createClient({
      url: '',
      storage: this.storage,
      name: 'test',
      token: (again) => this.token(again),
      entities: ['patients', 'notes'],
      deviceName: 'phone',
      environment: this.environment,
      ...more,
    });
  }

  /** Bodies of what was sent to `/sync`. */
  get synced(): SyncRequest[] {
    return this.requests.filter(({ path }) => path === '/sync').map(({ body }) => body);
  }

  #next({ body }: Exchange): Promise<HttpAnswer> {
    const answer = this.#script.shift() ?? {};
    if (answer === 'lost') return Promise.reject(new TypeError('no network'));
    return Promise.resolve(isAnswer(answer) ? answer : httpAnswer(200, this.#completed(body, answer)));
  }

  #completed({ ops }: SyncRequest, said: Partial<SyncResponse>): SyncResponse {
    const results = ops.map(({ seq, op }) => ({ seq, op, status: 'applied' as const }));
    return responseOf({
      server_time: new Date(this.environment.time).toISOString(),
      device: { last_seq: ops.at(-1)?.seq ?? 1_000_000 },
      results,
      cursors: { patients: 'p', notes: 'n' },
      ...said,
    });
  }

  #registered({ body }: Exchange): HttpAnswer {
    const { mrns = 0 } = body as { mrns?: number };
    const registered: SyncRegistered = {
      v: 1,
      device: body.device,
      last_seq: 0,
      server_time: new Date(this.environment.time).toISOString(),
      mrns: Array.from({ length: mrns }, (_, index) => `R${index}`),
    };
    return httpAnswer(200, registered);
  }
}

const isAnswer = (said: Scripted | undefined): said is HttpAnswer => typeof said === 'object' && 'status' in said;
