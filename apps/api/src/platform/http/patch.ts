/** The same fields without those that are undefined: in a PATCH, absent means unchanged and null means cleared. */
export type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

export const presentFields = <T extends object>(fields: T): Present<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;

/** A time or date of a body as a `Date`; null and undefined keep what they mean. */
export const toDate = <None extends null | undefined>(text: string | None): Date | None =>
  typeof text === 'string' ? new Date(text) : text;
