import { commonError, type AppError } from '@hms/contracts';

/** What a body may be made of: far above what any DTO takes, far below what costs time to validate. */
export const jsonLimits = {
  /** Of objects and arrays within each other. */
  depth: 20,
  /** Members of one object. */
  members: 200,
  /** Elements of one array. */
  items: 1_000,
  /** Members and elements of the whole body. */
  values: 5_000,
  /** Characters of a member's name, as it is written. */
  nameLength: 128,
} as const;

/** Names that would reach the prototype of whatever the body is copied into. */
const forbiddenNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

interface Container {
  /** Of an object, those met so far. */
  readonly names: Set<string> | undefined;
  count: number;
  awaitsName: boolean;
}

const loneSurrogate = /\p{Surrogate}/u;
/** Takes whatever could go on as a number at once. */
const number = /[-\d][-\d.eE+]*/y;

/**
 * Goes once over JSON text and refuses what `JSON.parse` lets through: duplicate and prototype-reaching names, text
 * PostgreSQL cannot store, numbers that overflow, and more depth or breadth than {@link jsonLimits}. Says nothing about
 * syntax. Linear in the length of the text.
 * @throws `request.malformed`
 */
export function checkJsonShape(text: string): void {
  new ShapeCheck(text).run();
}

class ShapeCheck {
  readonly #open: Container[] = [];
  #values = 0;
  #at = 0;

  constructor(private readonly text: string) {}

  run(): void {
    while (this.#at < this.text.length) this.#step(this.text.charAt(this.#at));
  }

  #step(character: string): void {
    switch (character) {
      case '"':
        this.#string();
        return;
      case '{':
        this.#enter({ names: new Set(), count: 0, awaitsName: true });
        break;
      case '[':
        this.#enter({ names: undefined, count: 0, awaitsName: false });
        break;
      case '}':
      case ']':
        this.#open.pop();
        break;
      case ',':
        this.#next();
        break;
      default:
        if (character === '-' || (character >= '0' && character <= '9')) {
          this.#number();
          return;
        }
    }
    this.#at += 1;
  }

  #enter(container: Container): void {
    if (this.#open.length >= jsonLimits.depth) throw refused(`at most ${jsonLimits.depth} levels deep`);
    this.#open.push(container);
    this.#count(container);
  }

  #next(): void {
    const container = this.#open.at(-1);
    if (!container) return;
    container.awaitsName = container.names !== undefined;
    this.#count(container);
  }

  #count(container: Container): void {
    container.count += 1;
    this.#values += 1;
    const most = container.names ? jsonLimits.members : jsonLimits.items;
    if (container.count > most) throw refused(`at most ${jsonLimits.members} members or ${jsonLimits.items} elements`);
    if (this.#values > jsonLimits.values) throw refused(`at most ${jsonLimits.values} values in all`);
  }

  #string(): void {
    const end = this.#endOfString();
    const written = this.text.slice(this.#at, end + 1);
    this.#at = end + 1;
    const value = written.includes('\\') ? unescaped(written) : written.slice(1, -1);
    const container = this.#open.at(-1);
    if (container?.names && container.awaitsName) this.#name(value, container.names);
    if (container) container.awaitsName = false;
  }

  /** The closing quote has an even number of backslashes before it. Looks at each backslash once. */
  #endOfString(): number {
    for (let end = this.text.indexOf('"', this.#at + 1); end >= 0; end = this.text.indexOf('"', end + 1)) {
      let backslashes = 0;
      while (this.text.charAt(end - 1 - backslashes) === '\\') backslashes += 1;
      if (backslashes % 2 === 0) return end;
    }
    return this.text.length;
  }

  #name(name: string, names: Set<string>): void {
    if (name.length > jsonLimits.nameLength) throw refused(`names of at most ${jsonLimits.nameLength} characters`);
    if (forbiddenNames.has(name)) throw refused('no member of that name');
    if (names.has(name)) throw refused('each member once');
    names.add(name);
  }

  #number(): void {
    number.lastIndex = this.#at;
    const written = number.exec(this.text)?.[0] ?? '-';
    if (Math.abs(Number(written)) === Infinity) throw refused('numbers that fit a double');
    this.#at += written.length;
  }
}

function unescaped(written: string): string {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    throw commonError('request.malformed', { detail: 'The body is not JSON.' });
  }
  const text = String(value);
  if (text.includes('\0') || loneSurrogate.test(text)) throw refused('text without U+0000 and lone surrogates');
  return text;
}

const refused = (allowed: string): AppError =>
  commonError('request.malformed', { detail: `A body may hold ${allowed}.` });
