/** One line: a measurement, its tags, its fields, and its time in the digits it was sent with. */
export interface Line {
  /** From 1, as editors and Influx count. */
  readonly number: number;
  readonly measurement: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<string, number | boolean | string>;
  readonly timestamp: string | undefined;
}

export interface BrokenLine {
  readonly number: number;
  /** What was expected there, without quoting what was sent. */
  readonly broken: string;
}

class SyntaxFault extends Error {}

const digits = /^-?\d{1,19}$/;
const float = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const integer = /^(?:-?\d{1,19}i|\d{1,20}u)$/;
const booleans = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((text) => [text, false] as const),
]);

/**
 * Reads InfluxDB line protocol: `measurement[,tag=value…] field=value[,field=value…] [timestamp]`, with backslash escapes
 * in names, quoted strings that may hold line feeds, `#` comments, blank lines and CRLF. A broken line costs itself only.
 * Takes time in proportion to the text.
 */
export function* parseLines(text: string): Generator<Line | BrokenLine> {
  const cursor = new Cursor(text);
  while (cursor.nextLine()) {
    const number = cursor.line;
    try {
      yield cursor.read(number);
    } catch (err) {
      if (!(err instanceof SyntaxFault)) throw err;
      yield { number, broken: err.message };
    }
    cursor.skipLine();
  }
}

class Cursor {
  /** Of the line the cursor is in, from 1. */
  line = 1;
  #at = 0;

  constructor(private readonly text: string) {}

  /** Goes to the next line that says something; false at the end. */
  nextLine(): boolean {
    while (this.#at < this.text.length) {
      this.#skip(' \t\r');
      const here = this.text[this.#at];
      if (here !== undefined && here !== '\n' && here !== '#') return true;
      this.skipLine();
    }
    return false;
  }

  /** Goes behind the next line feed. */
  skipLine(): void {
    const end = this.text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.text.length : end + 1;
    this.line += 1;
  }

  read(number: number): Line {
    const measurement = this.#name(', ');
    if (measurement === '') throw new SyntaxFault('missing measurement');
    const tags = this.#tags();
    const fields = this.#fields();
    this.#skip(' ');
    const timestamp = this.#word();
    if (timestamp !== '' && !digits.test(timestamp)) throw new SyntaxFault('bad timestamp');
    return { number, measurement, tags, fields, timestamp: timestamp === '' ? undefined : timestamp };
  }

  #tags(): Map<string, string> {
    const tags = new Map<string, string>();
    while (this.#take(',')) {
      const key = this.#key('missing tag value');
      const value = this.#name(', ');
      if (value === '') throw new SyntaxFault('missing tag value');
      if (tags.has(key)) throw new SyntaxFault('duplicate tags');
      tags.set(key, value);
    }
    return tags;
  }

  #fields(): Map<string, number | boolean | string> {
    if (!this.#take(' ')) throw new SyntaxFault('missing fields');
    this.#skip(' ');
    const fields = new Map<string, number | boolean | string>();
    do fields.set(this.#key('missing fields'), this.#value());
    while (this.#take(','));
    if (!this.#ends() && this.text[this.#at] !== ' ') throw new SyntaxFault('bad field value');
    return fields;
  }

  /** A name and the equals sign behind it. */
  #key(fault: string): string {
    const key = this.#name(',= ');
    if (key === '' || !this.#take('=')) throw new SyntaxFault(fault);
    return key;
  }

  #value(): number | boolean | string {
    if (this.#take('"')) return this.#quoted();
    const start = this.#at;
    while (!this.#ends() && this.text[this.#at] !== ',' && this.text[this.#at] !== ' ') this.#at += 1;
    const word = this.text.slice(start, this.#at);
    const flag = booleans.get(word);
    if (flag !== undefined) return flag;
    if (float.test(word)) return Number(word);
    if (integer.test(word)) return Number(word.slice(0, -1));
    throw new SyntaxFault('bad field value');
  }

  /** The rest of a string, whose opening quote was taken. */
  #quoted(): string {
    let value = '';
    for (let from = this.#at; this.#at < this.text.length; this.#at += 1) {
      const here = this.text[this.#at];
      if (here === '"') {
        value += this.text.slice(from, this.#at);
        this.#at += 1;
        return value;
      }
      if (here === '\\' && '"\\'.includes(this.text[this.#at + 1] ?? ' ')) {
        value += this.text.slice(from, this.#at);
        this.#at += 1;
        from = this.#at;
      } else if (here === '\n') this.line += 1;
    }
    throw new SyntaxFault('unbalanced quotes');
  }

  /** Up to one of `until` that no backslash precedes, or the end of the line. */
  #name(until: string): string {
    let name = '';
    let from = this.#at;
    for (; !this.#ends() && !until.includes(this.text[this.#at] ?? ''); this.#at += 1) {
      if (this.text[this.#at] !== '\\' || !', ='.includes(this.text[this.#at + 1] ?? '\\')) continue;
      name += this.text.slice(from, this.#at);
      this.#at += 1;
      from = this.#at;
    }
    return name + this.text.slice(from, this.#at);
  }

  /** Up to the end of the line. */
  #word(): string {
    const end = this.text.indexOf('\n', this.#at);
    const start = this.#at;
    this.#at = end < 0 ? this.text.length : end;
    return this.text.slice(start, this.#at).trimEnd();
  }

  #ends(): boolean {
    const here = this.text[this.#at];
    return here === undefined || here === '\n' || (here === '\r' && (this.text[this.#at + 1] ?? '\n') === '\n');
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #skip(characters: string): void {
    for (let here = this.text[this.#at]; here !== undefined && characters.includes(here); here = this.text[this.#at])
      this.#at += 1;
  }
}
