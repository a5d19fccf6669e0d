import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { commonError } from '@hms/contracts';
import type { HttpResponse } from 'uWebSockets.js';
import { Exchange } from './exchange.js';
import { Responder } from './responder.js';
import type { Reply, RequestHead, Route } from './route.js';

/** A response that, like the real one, must not be touched once it ended or the client left. */
class FakeResponse {
  status = '';
  body: unknown;
  closed = false;
  reading = false;
  #dead = false;
  #corked = false;
  #onAborted: () => void = () => undefined;
  #onData: (chunk: ArrayBuffer, isLast: boolean) => void = () => undefined;

  onAborted(handler: () => void): this {
    this.#onAborted = handler;
    return this;
  }
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): this {
    this.reading = true;
    this.#onData = handler;
    return this;
  }
  cork(work: () => void): this {
    this.#touch();
    this.#corked = true;
    work();
    this.#corked = false;
    return this;
  }
  writeStatus(status: string): this {
    this.#touch();
    if (!this.#corked) throw new Error('not corked');
    this.status = status.slice(0, 3);
    return this;
  }
  writeHeader(): this {
    this.#touch();
    return this;
  }
  end(body: string, close: boolean): this {
    this.#touch();
    this.#dead = true;
    this.body = JSON.parse(body);
    this.closed = close;
    return this;
  }

  /** What uWebSockets.js does: the buffer is gone when the handler returns. */
  feed(body: string | Uint8Array, isLast = true): void {
    const chunk = new Uint8Array(typeof body === 'string' ? Buffer.from(body) : body).buffer;
    this.#onData(chunk, isLast);
    structuredClone(chunk, { transfer: [chunk] });
  }
  abort(): void {
    this.#dead = true;
    this.#onAborted();
  }

  #touch(): void {
    if (this.#dead) throw new Error('touched after its end');
  }
}

const head: RequestHead = {
  requestId: 'r1',
  query: '',
  authorization: '',
  contentType: 'application/json',
  contentEncoding: '',
  contentLength: undefined,
  idempotencyKey: '',
  prefer: '',
  address: () => '',
};

interface Bench {
  readonly response: FakeResponse;
  readonly exchange: { abandon(): void };
  readonly gate: { held: number };
  readonly handled: string[];
}

type Change = Partial<Route<string, string>> & {
  told?: Partial<RequestHead>;
  authenticate?: Route<string>['access']['authenticate'];
};

function begin({ told = {}, authenticate = () => 'caller', ...change }: Change = {}): Bench {
  const response = new FakeResponse();
  const gate = { held: 0 };
  const handled: string[] = [];
  const route: Route<string, string> = {
    method: 'POST',
    path: '/x',
    access: { by: 'gateway-key', authenticate },
    accepts: ['application/json'],
    maxBytes: 10,
    deadlineMs: 1_000,
    gate: { enter: (bytes) => ((gate.held += bytes), undefined), leave: (bytes) => (gate.held -= bytes) },
    decode: (body) => Buffer.from(body).toString(),
    handle: (_, input) => {
      handled.push(input);
      return { status: 200, body: { input } };
    },
    ...change,
  };
  const responder = new Responder(response as unknown as HttpResponse, {
    requestId: 'r1',
    withoutBody: false,
    closing: () => false,
    onAborted: () => exchange.abandon(),
    onReplied: () => undefined,
  });
  const exchange = new Exchange(route, { ...head, ...told }, responder);
  exchange.begin(response as unknown as HttpResponse);
  return { response, exchange, gate, handled };
}

const settled = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('a request', () => {
  it('is answered once, and holds its place until then', () => {
    const { response, gate, handled } = begin();
    expect(gate.held).toBe(10);
    response.feed('ab', false);
    response.feed('cd');
    expect([response.status, response.body, handled, gate.held]).toEqual(['200', { input: 'abcd' }, ['abcd'], 0]);
  });

  it('of unknown length holds as much as it turned out to be', () => {
    let held = 0;
    const most: number[] = [];
    const gate = { enter: (bytes: number) => ((held += bytes), undefined), leave: (bytes: number) => (held -= bytes) };
    const handle = (): Promise<never> => {
      most.push(held);
      return new Promise(() => undefined);
    };
    const { response } = begin({ gate, handle });
    expect(held).toBe(10);
    response.feed('abcd');
    expect([most, held]).toEqual([[4], 4]);
  });

  it('is not read when its sender is refused', () => {
    const { response, gate } = begin({
      authenticate: () => {
        throw commonError('auth.unauthenticated');
      },
    });
    expect([response.status, response.reading, gate.held]).toEqual(['401', false, 0]);
  });

  it('is not read when there is no room', () => {
    const { response } = begin({ gate: { enter: () => commonError('service.busy'), leave: () => undefined } });
    expect([response.status, response.reading]).toEqual(['503', false]);
  });

  it("leaves as whose it came in: nobody's, while its sender is looked up", async () => {
    const told: unknown[] = [];
    const gate = {
      enter: (...entered: unknown[]) => void told.push(entered),
      leave: (...left: unknown[]) => void told.push(left),
    };
    begin({ gate }).response.feed('a');
    begin({ gate, authenticate: () => Promise.resolve('caller') }).response.feed('a');
    await settled();
    expect(told).toEqual([
      [10, 'caller'],
      [9, 'caller'],
      [1, 'caller'],
      [10, undefined],
      [9, undefined],
      [1, undefined],
    ]);
  });

  it('is kept while its sender is looked up', async () => {
    let known: (caller: string) => void = () => undefined;
    const { response, handled } = begin({ authenticate: () => new Promise((resolve) => (known = resolve)) });
    response.feed('abc');
    expect(handled).toEqual([]);
    known('caller');
    await settled();
    expect([response.body, handled]).toEqual([{ input: 'abc' }, ['abc']]);
  });

  it.each([
    ['before its body is there', false],
    ['after', true],
  ])('whose sender turns out to be unknown %s is refused', async (_, whole) => {
    let refuse: (reason: unknown) => void = () => undefined;
    const { response, gate, handled } = begin({ authenticate: () => new Promise((_, reject) => (refuse = reject)) });
    response.feed('abc', whole);
    refuse(commonError('auth.unauthenticated'));
    await settled();
    expect([response.status, gate.held, handled]).toEqual(['401', 0, []]);
  });

  it.each([
    ['of another kind', { contentType: 'text/plain' }],
    ['too large', { contentLength: 11 }],
  ])('that is %s is told so only when its sender is known', async (_, told) => {
    const unknown = begin({ told, authenticate: () => Promise.reject(commonError('auth.unauthenticated')) });
    const known = begin({ told, authenticate: () => Promise.resolve('caller') });
    expect([unknown.response.status, known.response.status]).toEqual(['', '']);
    await settled();
    expect(unknown.response.status).toBe('401');
    expect(['413', '415']).toContain(known.response.status);
    expect([unknown.response.reading, known.response.reading, unknown.gate.held, known.gate.held]).toEqual([
      false,
      false,
      0,
      0,
    ]);
  });

  it('that is too large is refused without its end', () => {
    const { response, gate } = begin();
    response.feed('0123456789', false);
    response.feed('0', false);
    expect([response.status, gate.held]).toEqual(['413', 0]);
  });

  it('that cannot be decoded, or makes the service fail, shows nothing of why', async () => {
    const bug = new Error('secret');
    const decoding = begin({
      decode: () => {
        throw bug;
      },
    });
    decoding.response.feed('x');
    const handling = begin({ handle: () => Promise.reject(bug) });
    handling.response.feed('x');
    await settled();
    for (const { response, gate } of [decoding, handling]) {
      expect(response.body).toMatchObject({ status: 500, code: 'internal.error' });
      expect(JSON.stringify(response.body)).not.toContain('secret');
      expect(gate.held).toBe(0);
    }
  });
});

describe('a body that is large', () => {
  interface Decoding {
    readonly body: string;
    readonly done: (input: string) => void;
    readonly failed: (reason: unknown) => void;
  }

  const large = 'l'.repeat(70);

  /** Above 60 bytes. Told apart from what is decoded at once by when its decoding ends. */
  function beginApart(change: Change = {}): Bench & { decoding: Decoding[] } {
    const decoding: Decoding[] = [];
    const decode = (_: string, body: Uint8Array): Promise<string> =>
      new Promise((done, failed) => decoding.push({ body: Buffer.from(body).toString('latin1'), done, failed }));
    return { ...begin({ apart: { above: 60, decode }, maxBytes: 100, ...change }), decoding };
  }

  it('is decoded apart, from bytes that stay, and holds its place meanwhile', async () => {
    const { response, gate, decoding, handled } = beginApart({ told: { contentLength: 70 } });
    response.feed(large);
    await settled();
    expect([decoding[0]?.body, response.status, gate.held]).toEqual([large, '', 70]);
    decoding[0]?.done('decoded');
    await settled();
    expect([response.body, handled, gate.held]).toEqual([{ input: 'decoded' }, ['decoded'], 0]);
  });

  it('is one that becomes large: what it will hold is reserved, too', async () => {
    const gzip = gzipSync('x'.repeat(90));
    const { response, gate, decoding } = beginApart({ told: { contentEncoding: 'gzip', contentLength: gzip.length } });
    response.feed(gzip);
    expect([decoding[0]?.body, gate.held]).toEqual([gzip.toString('latin1'), 90]);
    decoding[0]?.done('decoded');
    await settled();
    expect(gate.held).toBe(0);
  });

  it('is one that says it holds little, and does not', () => {
    // What follows another gzip is part of the body (RFC 1952 §2.2), and the size at the end that of the last alone.
    const gzip = Buffer.concat([gzipSync('x'.repeat(90)), gzipSync('')]);
    const { response, decoding } = beginApart({ told: { contentEncoding: 'gzip' } });
    response.feed(gzip);
    expect(decoding).toHaveLength(1);
  });

  it('is refused when there is no room for what it will hold', () => {
    let held = 0;
    const enter = (bytes: number) => (held + bytes > 89 ? commonError('service.busy') : void (held += bytes));
    const gate = { enter, leave: (bytes: number) => (held -= bytes) };
    const gzip = gzipSync('x'.repeat(90));
    const told = { contentEncoding: 'gzip', contentLength: gzip.length };
    const { response, decoding } = beginApart({ told, gate });
    response.feed(gzip);
    expect([response.status, decoding.length, held]).toEqual(['503', 0, 0]);
  });

  it('is told what is wrong with it like any other', async () => {
    const { response, gate, decoding } = beginApart();
    response.feed(large);
    decoding[0]?.failed(commonError('request.malformed'));
    await settled();
    expect([response.status, gate.held]).toEqual(['400', 0]);
    const handling = beginApart({
      handle: () => {
        throw new Error('secret');
      },
    });
    handling.response.feed(large);
    handling.decoding[0]?.done('decoded');
    await settled();
    expect([handling.response.status, handling.gate.held]).toEqual(['500', 0]);
  });

  it('is none of the others: those are answered before anything else is done', () => {
    for (const [body, contentEncoding] of [
      ['abcd', ''],
      [gzipSync('abcd'), 'gzip'],
    ] as const) {
      const { response, decoding } = beginApart({ told: { contentEncoding } });
      response.feed(body);
      expect([response.body, decoding.length]).toEqual([{ input: 'abcd' }, 0]);
    }
  });
});

describe('a client that leaves', () => {
  it('while its body comes gives its place back at once', () => {
    const { response, gate, handled } = begin();
    response.feed('ab', false);
    response.abort();
    expect([gate.held, handled]).toEqual([0, []]);
  });

  it('while its sender is looked up is not worked for', async () => {
    let known: (caller: string) => void = () => undefined;
    const { response, gate, handled } = begin({ authenticate: () => new Promise((resolve) => (known = resolve)) });
    response.feed('ab');
    response.abort();
    known('caller');
    await settled();
    expect([gate.held, handled]).toEqual([0, []]);
  });

  it('while its work goes on leaves it to end, with its place', async () => {
    let done: (reply: Reply) => void = () => undefined;
    const { response, gate } = begin({ handle: () => new Promise((resolve) => (done = resolve)) });
    response.feed('ab');
    response.abort();
    expect(gate.held).toBe(2);
    done({ status: 200, body: {} });
    await settled();
    expect([gate.held, response.status]).toEqual([0, '']);
  });
});

describe('the deadline', () => {
  it('cuts off a body that does not end', async () => {
    const { response, gate } = begin();
    response.feed('ab', false);
    await jest.advanceTimersByTimeAsync(1_000);
    expect([response.status, response.closed, gate.held]).toEqual(['408', true, 0]);
  });

  it('answers for work that does not end, which keeps its place', async () => {
    let done: (reply: Reply) => void = () => undefined;
    const { response, gate } = begin({ handle: () => new Promise((resolve) => (done = resolve)) });
    response.feed('ab');
    await jest.advanceTimersByTimeAsync(1_000);
    expect([response.status, gate.held]).toEqual(['503', 2]);
    done({ status: 200, body: {} });
    await settled();
    expect(gate.held).toBe(0);
  });

  it('is forgotten once the request is answered', async () => {
    const { response } = begin();
    response.feed('ab');
    await jest.advanceTimersByTimeAsync(5_000);
    expect(response.status).toBe('200');
  });
});
