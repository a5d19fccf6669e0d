import { describe, expect, it } from '@jest/globals';
import { syncOp, syncRegistration, syncRequest } from '@hms/contracts';
import type { Client } from './client.js';
import { createClient } from './create-client.js';
import type { HttpAnswer } from './environment.js';
import { memoryStorage } from './storage/memory.js';
import { httpAnswer, TestEnvironment } from './testing/test-environment.js';
import {
  defaults,
  type Expectation,
  Names,
  type Step,
  type Vector,
  type VectorExchange,
  vectors,
} from './testing/vectors.js';
import { registeredSchema, responseSchema } from './testing/wire-schemas.js';

/** This client, as a vector wants it driven. Those of other languages need one such class. */
class Conversation {
  readonly #environment = new TestEnvironment();
  readonly #storage = memoryStorage();
  readonly #names = new Names();
  #script: VectorExchange[] = [];
  #registersByItself: boolean;
  #client: Client;

  constructor(private readonly vector: Vector) {
    this.#registersByItself = vector.start.registered;
    this.#environment.time = Date.parse(vector.start.clock);
    this.#environment.answer = (path, { body }) =>
      new Promise((resolve) => resolve(this.#answer(path, JSON.parse(body))));
    this.#client = this.#open();
  }

  async run(): Promise<void> {
    for (const step of this.vector.steps) await this.#take(step);
  }

  #open(): Client {
    return createClient({
      url: '',
      storage: this.#storage,
      name: 'vector',
      token: () => Promise.resolve('token'),
      entities: this.vector.start.entities as ['patients'],
      deviceName: 'phone',
      environment: this.#environment,
    });
  }

  async #take(step: Step): Promise<void> {
    if (step.clock) this.#environment.time = Date.parse(step.clock);
    if (step.restart) this.#client = this.#open();
    if (step.change) await this.#change(step.change);
    if (step.reissue) await this.#client.reissue(this.#named(step.reissue.op), step.reissue.fields ?? {});
    if (step.discard) await this.#client.discard(this.#named(step.discard.op));
    if (step.sync) await this.#sync(step.sync);
    if (step.expect) await this.#expect(step.expect);
  }

  async #change(change: NonNullable<Step['change']>): Promise<void> {
    const { entity, id, fields = {}, args = {}, name = '', reason = '' } = change;
    if (change.kind === 'create') await this.#client.create(entity, fields, { id });
    if (change.kind === 'update') await this.#client.update(entity, id, fields);
    if (change.kind === 'delete') await this.#client.remove(entity, id, { reason });
    if (change.kind === 'command') await this.#client.command(entity, id, { name, args });
  }

  async #sync(exchanges: readonly VectorExchange[]): Promise<void> {
    const problems: unknown[] = [];
    this.#script = [...exchanges];
    const { answer } = this.#environment;
    // The client takes a failed assertion for a lost network.
    this.#environment.answer = (...request) =>
      answer(...request).catch((err: unknown) => {
        problems.push(err);
        throw err;
      });
    await this.#client.sync();
    this.#environment.answer = answer;
    for (const problem of problems) if (!(problem instanceof Lost)) throw problem;
    expect(this.#script).toEqual([]);
  }

  #answer(path: string, body: unknown): HttpAnswer {
    if (path === '/sync/register' && this.#registersByItself) {
      this.#registersByItself = false;
      return this.#said(path, 200, { device: syncRegistration.parse(body).device });
    }
    const exchange = this.#script.shift();
    if (!exchange) throw new Error(`nothing more should be sent, but ${path} was: ${JSON.stringify(body)}`);
    this.#names.match({ path, body }, exchange.request);
    if (path === '/sync') for (const op of syncRequest.parse(body).ops) syncOp.parse(op);
    else syncRegistration.parse(body);
    if (exchange.answer === 'lost') throw new Lost();
    const { status, body: said, headers = {} } = exchange.answer;
    return this.#said(path, status, said, headers);
  }

  #said(path: string, status: number, said: object, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
    const clock = { server_time: new Date(this.#environment.time).toISOString() };
    const body = status === 200 ? { ...defaults[path], ...clock, ...(this.#names.fill(said) as object) } : said;
    if (status === 200) (path === '/sync' ? responseSchema : registeredSchema).parse(body);
    return httpAnswer(status, body, headers);
  }

  async #expect({ rows = {}, waiting, attention, status }: Expectation): Promise<void> {
    for (const [entity, expected] of Object.entries(rows))
      this.#names.match(await this.#client.rows(entity as 'patients'), expected, entity);
    const now = await this.#client.status();
    if (waiting !== undefined) expect(now.waiting).toBe(waiting);
    if (attention) this.#names.match(await this.#client.attention(), attention, 'attention');
    if (status) this.#names.match(now, status, 'status');
  }

  #named(name: string): string {
    return String(this.#names.fill(name));
  }
}

class Lost extends Error {}

describe('the conversations in docs/sync/vectors', () => {
  it.each(vectors().map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    await new Conversation(vector).run();
  });

  it('are named once each, and cover every rule', () => {
    const all = vectors();
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    const rules = new Set(all.flatMap((vector) => vector.rules));
    expect([...rules].sort()).toEqual(expect.arrayContaining(['C1', 'C2', 'C3', 'C5', 'C6', 'C7', 'C8']));
  });
});
