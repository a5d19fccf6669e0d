import { z } from 'zod';

/** As much of a JSON schema as it takes to make a body that fits, and then one that does not. */
export interface Schema {
  readonly type?: string | undefined;
  readonly format?: string | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly items?: Schema | undefined;
  readonly allOf?: readonly Schema[] | undefined;
  readonly required?: readonly string[] | undefined;
  readonly $ref?: string | undefined;
}

const Schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    type: z.string().optional(),
    format: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    maxLength: z.number().optional(),
    properties: z.record(z.string(), Schema).optional(),
    items: Schema.optional(),
    allOf: z.array(Schema).optional(),
    required: z.array(z.string()).optional(),
    $ref: z.string().optional(),
  }),
);
const Parameter = z.object({ name: z.string(), in: z.string(), schema: Schema.optional() });
const Operation = z.object({
  parameters: z.array(Parameter).optional(),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: Schema.optional() })) }).optional(),
});
const Description = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});

export interface OperationInput {
  readonly body: Schema | undefined;
  readonly query: Readonly<Record<string, Schema>>;
}

/** What the OpenAPI document says about the input of each route. */
export class ApiDescription {
  readonly #document: z.output<typeof Description>;

  constructor(document: object) {
    this.#document = Description.parse(document);
  }

  /** Of a route as Fastify writes it; nothing for one that is left out of the document. */
  input({ method, url }: { readonly method: string; readonly url: string }): OperationInput {
    const path = url.replace(/:(\w+)/g, '{$1}');
    const operation = this.#document.paths[path]?.[method.toLowerCase()];
    const body = operation?.requestBody?.content['application/json']?.schema;
    const query = (operation?.parameters ?? []).filter((parameter) => parameter.in === 'query');
    return {
      body: body && this.resolve(body),
      query: Object.fromEntries(query.map(({ name, schema = {} }) => [name, schema])),
    };
  }

  /** Follows references, and merges `allOf` as far as properties go. */
  resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    if (name !== undefined) return this.resolve(this.#document.components.schemas[name] ?? {});
    const [first] = schema.allOf ?? [];
    return first ? { ...this.resolve(first), ...schema, allOf: undefined } : schema;
  }
}
