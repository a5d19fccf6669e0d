import type { ApiDescription, Schema } from './api-description.js';
import { hostileText, hostileValue, smuggled } from './hostile-values.js';
import type { Random } from './random.js';

type Body = Record<string, unknown>;

/** What fields of these names take, where the document does not say it. */
const examples: readonly (readonly [RegExp, (random: Random) => unknown])[] = [
  [/email/i, (random) => `fuzz.${random.below(1e9)}@example.test`],
  [/phone/i, () => '+353 86 123 4567'],
  [/country/i, () => 'IE'],
  [/language/i, () => 'en'],
  [/timezone/i, () => 'Europe/Dublin'],
  [/date$/i, () => '1980-05-17'],
  [/^(from|at|deceasedAt)$/, () => new Date(Date.now() - 60_000).toISOString()],
  [/^(until|to)$/, () => new Date(Date.now() + 3_600_000).toISOString()],
  [/^code$/, (random) => `F-${random.below(1e9)}`],
  [/password/i, () => 'correct horse battery staple'],
  [/hospital$/, () => 'nowhere'],
];

/** Makes bodies of one route: some that fit, most that are wrong in one place. */
export class Bodies {
  constructor(
    private readonly description: ApiDescription,
    private readonly schema: Schema,
    /** Ids of objects that exist, by the name of the field that takes them. */
    private readonly ids: Readonly<Record<string, string>>,
  ) {}

  fitting(random: Random): Body {
    return this.#object(this.schema, random);
  }

  mutant(random: Random): unknown {
    if (random.chance(0.05)) return hostileValue(random);
    const body = this.fitting(random);
    this.#spoil(body, random);
    if (random.chance(0.2)) this.#spoil(body, random);
    return body;
  }

  /**
   * As it is sent: no JSON, or with a member that the route does not know. Where the document knows none, or nothing is
   * sent, anything may be ignored.
   */
  isWrong(text: string): boolean {
    const known = this.schema.properties ?? {};
    if (Object.keys(known).length === 0 || text.trim() === '') return false;
    const body = parsed(text);
    if (typeof body !== 'object' || body === null) return true;
    return Object.keys(body).some((name) => !Object.hasOwn(known, name));
  }

  #spoil(body: Body, random: Random): void {
    const field = random.pick([...Object.keys(this.schema.properties ?? {}), 'unknown']);
    const schema = this.description.resolve(this.schema.properties?.[field] ?? {});
    const inner = body[field];
    const spoilers: readonly (() => void)[] = [
      () => void Reflect.deleteProperty(body, field),
      () => void (body[field] = hostileValue(random)),
      () => void (body[field] = hostileValue(random)),
      () => void (body[field] = hostileText(random)),
      () => void (body[field] = random.pick([null, [inner], { value: inner }, asText(inner), [inner, inner]])),
      () => void (body[field] = this.#beside(schema, inner, random)),
      () => Object.assign(body, Object.fromEntries([random.pick(smuggled)])),
      () => {
        if (typeof inner === 'object' && inner !== null) Object.assign(inner, { [field]: hostileValue(random) });
        else body[field] = hostileText(random);
      },
    ];
    random.pick(spoilers)();
  }

  /** Just outside of what the field takes. */
  #beside(schema: Schema, value: unknown, random: Random): unknown {
    if (schema.enum) return random.pick([`${asText(value)}x`, asText(value).toUpperCase(), ` ${asText(value)}`]);
    if (schema.maximum !== undefined) return schema.maximum + random.pick([0, 1, 0.5]);
    if (schema.maxLength !== undefined) return 'x'.repeat(schema.maxLength + random.pick([0, 1]));
    return random.pick(['x'.repeat(100), 'x'.repeat(101), 'x'.repeat(200), 'x'.repeat(201), `${asText(value)}\n`]);
  }

  #object(schema: Schema, random: Random): Body {
    const required = new Set(schema.required);
    const fields = Object.entries(schema.properties ?? {}).filter(([name]) => required.has(name) || random.chance(0.4));
    return Object.fromEntries(fields.map(([name, field]) => [name, this.#value(name, field, random)]));
  }

  #value(name: string, field: Schema, random: Random): unknown {
    const schema = this.description.resolve(field);
    if (schema.enum) return random.pick(schema.enum);
    if (schema.properties) return this.#object(schema, random);
    if (schema.type === 'array') return [this.#value(name.replace(/s$/, ''), schema.items ?? {}, random)];
    if (schema.type === 'boolean') return random.chance(0.5);
    if (schema.type === 'number' || schema.type === 'integer') return schema.minimum ?? 1;
    const id = this.ids[name];
    if (id !== undefined) return id;
    return examples.find(([pattern]) => pattern.test(name))?.[1](random) ?? `Fuzz-${random.below(1e9)}`;
  }
}

/** Some hostile values cannot be made a string of: `{ toString: 1 }`. */
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
