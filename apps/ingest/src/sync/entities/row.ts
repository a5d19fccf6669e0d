/** A row as ops are applied to it: its fields as they go over the wire, and what else the rules look at. */
export interface Row {
  readonly id: string;
  readonly patientId: string;
  readonly version: number;
  readonly fields: Fields;
  /**
   * In which version a column last changed; a column that is missing has not changed since the row was made. Under
   * {@link saidAnew}, in which version somebody last said the row once more.
   */
  readonly fieldVersions: Readonly<Record<string, number>>;
  readonly deleted: boolean;
}

/** No column's name. */
export const saidAnew = '+';

export type Fields = Readonly<Record<string, unknown>>;

/** Whether two values of a field say the same. Absent and null do. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other || (one ?? null) === (other ?? null)) return true;
  return typeof one === 'object' && typeof other === 'object' && canonical(one) === canonical(other);
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
