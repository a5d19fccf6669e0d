import { gzipSync } from 'node:zlib';
import type { ApiDescription, Schema } from './api-description.js';
import { Bodies } from './bodies.js';
import type { FuzzCase } from './fuzz-case.js';
import { canary, hostileText, hostileValue } from './hostile-values.js';
import { jsonAttack } from './json-attacks.js';
import type { Random } from './random.js';

export interface FuzzedRoute {
  readonly method: string;
  readonly url: string;
}

/** Objects that exist, for the parameters of an address and the fields of a body. */
export interface KnownObjects {
  readonly fill: (url: string) => string;
  readonly fields: Readonly<Record<string, string>>;
}

const json = { 'content-type': 'application/json' };
const bomb = gzipSync(Buffer.alloc(2 * 1024 * 1024));
const anyBody: Schema = { type: 'object', properties: {} };
const nothing = '01900000-0000-7000-8000-000000000000';

/** Endlessly makes requests to one route, from four corpora: values, JSON, database operators and HTTP. */
export class RouteCases {
  readonly #bodies: Bodies;
  readonly #query: readonly string[];
  readonly #takesBody: boolean;

  constructor(
    private readonly route: FuzzedRoute,
    description: ApiDescription,
    private readonly objects: KnownObjects,
  ) {
    const { body, query } = description.input(route);
    this.#bodies = new Bodies(description, body ?? anyBody, objects.fields);
    this.#query = Object.keys(query);
    this.#takesBody = body !== undefined || !['GET', 'HEAD', 'DELETE'].includes(route.method);
  }

  next(random: Random): FuzzCase {
    const kind = random.next();
    if (kind < 0.2) return this.#httpAttack(random);
    if (!this.#takesBody) return { ...this.#plain(random), url: this.#url(random, true) };
    if (kind < 0.45) return this.#with(random, jsonAttack(JSON.stringify(this.#bodies.fitting(random)), random));
    if (kind < 0.5) return this.#with(random, JSON.stringify(this.#bodies.fitting(random)));
    return this.#with(random, JSON.stringify(this.#bodies.mutant(random)));
  }

  #with(random: Random, payload: string | Buffer): FuzzCase {
    const { headers, ...plain } = this.#plain(random);
    const isWrong = typeof payload === 'string' && this.#bodies.isWrong(payload);
    return { ...plain, headers: { ...headers, ...json }, payload, isWrong };
  }

  #plain(random: Random): FuzzCase {
    return { method: this.route.method, url: this.#url(random), headers: this.#headers(random) };
  }

  #headers(random: Random): Record<string, string> {
    const preconditions = [
      '"1"',
      '"1"',
      '"1"',
      '"0"',
      'W/"1"',
      '*',
      '1',
      '"-1"',
      '"9007199254740993"',
      '"x"',
      '"1", "2"',
    ];
    return {
      ...(random.chance(0.9) ? { 'if-match': random.pick(preconditions) } : {}),
      'idempotency-key': random.chance(0.9)
        ? `fuzz-${random.below(1e9)}-${random.below(1e9)}`
        : random.pick(['', 'x', 'x'.repeat(300), '"', canary, '\u00e9'.repeat(20)]),
    };
  }

  /** Mostly of objects that exist, so that the route itself is reached. */
  #url(random: Random, hostileQuery = false): string {
    const filled = random.chance(0.7)
      ? this.objects.fill(this.route.url)
      : this.route.url.replace(/:\w+/g, () => encoded(random.pick([nothing, hostileText(random).slice(0, 90)])) || 'x');
    const isQueried = hostileQuery ? random.chance(0.9) : random.chance(0.1);
    return isQueried ? `${filled}?${this.#queryText(random)}` : filled;
  }

  #queryText(random: Random): string {
    const makers: readonly (() => string)[] = [
      () => this.#parameter(random, hostileText(random)),
      () => this.#parameter(random, hostileText(random)),
      () => `${this.#parameter(random, '1')}&${this.#parameter(random, hostileText(random))}`,
      () => this.#parameter(random, JSON.stringify(hostileValue(random)).slice(0, 500)),
      () => this.#parameter(random, Buffer.from(JSON.stringify([hostileValue(random), 1])).toString('base64url')),
      () => `${this.#name(random)}[not]=&${this.#name(random)}[contains]=`,
      () => `${this.#name(random)}=1&${this.#name(random)}=2`,
      () => `${this.#name(random)}[]=1&${this.#name(random)}[]=2`,
      () => `orderBy[id]=desc&include=user&${this.#name(random)}=1`,
      () => `${this.#name(random)}=%ff%fe&%zz=%`,
      () => Array.from({ length: 300 }, (_, index) => `p${index}=1`).join('&'),
      () => '&&&===',
    ];
    return random.pick(makers)();
  }

  #name(random: Random): string {
    return this.#query.length > 0 && random.chance(0.9) ? random.pick(this.#query) : 'unknown';
  }

  #parameter(random: Random, value: string): string {
    return `${this.#name(random)}=${encoded(value.slice(0, 1_000))}`;
  }

  #httpAttack(random: Random): FuzzCase {
    const plain = this.#plain(random);
    const payload = JSON.stringify(this.#bodies.fitting(random));
    const typed = (type: string): FuzzCase => ({
      ...plain,
      headers: { ...plain.headers, 'content-type': type },
      payload,
    });
    const headed = (headers: Record<string, string>): FuzzCase => ({
      ...plain,
      headers: { ...plain.headers, ...(this.#takesBody ? json : {}), ...headers },
      ...(this.#takesBody ? { payload } : {}),
    });
    const makers: readonly (() => FuzzCase)[] = [
      () => ({
        ...plain,
        method: random.pick(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']),
      }),
      () => headed({ 'x-http-method-override': random.pick(['DELETE', 'GET', 'PATCH']) }),
      () =>
        typed(
          random.pick([
            'text/plain',
            'application/xml',
            'application/json\t; charset=utf-8',
            'application/json;charset=utf-7',
          ]),
        ),
      () =>
        typed(
          random.pick(['', ';', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'a/b, c/d']),
        ),
      () => ({ ...headed({ 'content-encoding': random.pick(['gzip', 'deflate', 'br', 'x']) }), payload: bomb }),
      () => headed({ 'x-tenant-id': nothing, 'x-user': nothing, 'x-forwarded-for': canary, 'x-role': 'super_admin' }),
      () => headed({ 'user-agent': 'u'.repeat(random.pick([0, 500, 8_000, 60_000])) }),
      () => headed({ 'x-request-id': random.pick(['', canary.repeat(20), '"x"', 'a b']) }),
      () => headed({ accept: random.pick(['', 'text/html', '*/*;q=zz']), 'accept-language': '\u00ff'.repeat(200) }),
      () => headed({ 'if-none-match': '*', 'if-modified-since': hostileText(random).replace(/[^\x20-\x7e]/g, '') }),
      () => headed({ cookie: `session=${canary}; __proto__=1; =; ;;` }),
      () => headed({ range: 'bytes=0-0,1-1', expect: 'x', te: 'trailers', 'accept-version': '1.x' }),
    ];
    return random.pick(makers)();
  }
}

/** A lone surrogate has no encoding; it goes out as the bytes that would stand for it. */
const encoded = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
