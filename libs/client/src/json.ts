import type { SyncOp } from '@hms/contracts';

export type Fields = NonNullable<SyncOp['patch']>;
export type Json = Fields[string];

/** What of a value goes over the wire: dates become texts, what is undefined is left out. */
export const asFields = (value: object): Fields => JSON.parse(JSON.stringify(value)) as Fields;
/** Absent is null. */
export const asJson = (value: unknown): Json => asFields({ value: value ?? null })['value'] ?? null;

/** Whether two values say the same, in whatever order their members are. */
export const isSame = (one: unknown, other: unknown): boolean => canonical(one ?? null) === canonical(other ?? null);

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

const encoder = new TextEncoder();
/** Bytes of a value on the wire. */
export const sizeOf = (value: unknown): number => encoder.encode(JSON.stringify(value)).length;
