import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A conversation of a client with a server, as docs/sync/vectors/README.md describes it. */
export interface Vector {
  readonly name: string;
  readonly rules: readonly string[];
  readonly about: string;
  readonly start: { readonly clock: string; readonly entities: readonly string[]; readonly registered: boolean };
  readonly steps: readonly Step[];
}

export interface Step {
  readonly clock?: string;
  readonly change?: ChangeStep;
  readonly sync?: readonly VectorExchange[];
  readonly reissue?: { readonly op: string; readonly fields?: object };
  readonly discard?: { readonly op: string };
  readonly restart?: true;
  readonly expect?: Expectation;
}

export interface ChangeStep {
  readonly kind: 'create' | 'update' | 'delete' | 'command';
  readonly entity: 'patients' | 'notes' | 'appointments';
  readonly id: string;
  readonly fields?: object;
  readonly name?: string;
  readonly args?: object;
  readonly reason?: string;
}

export interface VectorExchange {
  readonly request: { readonly path: string; readonly body: object };
  readonly answer:
    'lost' | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: object };
}

export interface Expectation {
  readonly rows?: Readonly<Record<string, readonly object[]>>;
  readonly waiting?: number;
  readonly attention?: readonly object[];
  readonly status?: object;
}

const directory = fileURLToPath(new URL('../../../../docs/sync/vectors/', import.meta.url));

export const vectors = (): Vector[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.json') && file !== 'defaults.json')
    .sort()
    .map((file) => JSON.parse(readFileSync(directory + file, 'utf8')) as Vector);

export const defaults = JSON.parse(readFileSync(`${directory}defaults.json`, 'utf8')) as Readonly<
  Record<string, object>
>;

/** Names such as `$op1` stand for what the client drew: the first time they take the value, from then on they are it. */
export class Names {
  readonly #values = new Map<string, unknown>();

  /** Throws unless a value has everything that is expected of it. Members that are not named may be anything. */
  match(actual: unknown, expected: unknown, path = ''): void {
    if (typeof expected === 'string' && expected.startsWith('$')) {
      this.#bind(expected, actual, path);
      return;
    }
    if (Array.isArray(expected)) {
      if (!Array.isArray(actual) || actual.length !== expected.length) fail(path, actual, expected);
      expected.forEach((each, index) => this.match(actual[index], each, `${path}/${index}`));
      return;
    }
    if (typeof expected === 'object' && expected !== null) {
      if (typeof actual !== 'object' || actual === null) fail(path, actual, expected);
      const members = new Map(Object.entries(actual));
      for (const [name, each] of Object.entries(expected)) this.match(members.get(name), each, `${path}/${name}`);
      return;
    }
    // Null is absent too.
    if ((actual ?? null) !== expected) fail(path, actual, expected);
  }

  /** The same with values for names. */
  fill(value: unknown): unknown {
    if (typeof value === 'string' && value.startsWith('$')) {
      if (!this.#values.has(value)) throw new Error(`${value} has no value yet`);
      return this.#values.get(value);
    }
    if (Array.isArray(value)) return value.map((each) => this.fill(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.fill(each)]));
  }

  #bind(name: string, actual: unknown, path: string): void {
    if (actual === undefined) fail(path, actual, name);
    if (this.#values.has(name) && this.#values.get(name) !== actual)
      fail(path, actual, `${name} = ${String(this.#values.get(name))}`);
    // Two names are two things.
    for (const [other, value] of this.#values)
      if (other !== name && value === actual) fail(path, actual, `${name}, not ${other}`);
    this.#values.set(name, actual);
  }
}

function fail(path: string, actual: unknown, expected: unknown): never {
  throw new Error(`${path} is ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}
