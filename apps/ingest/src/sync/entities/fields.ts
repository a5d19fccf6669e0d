import { z } from 'zod';
import type { Field } from './entity.js';

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A column that says as JSON what the field says. */
export const plain = (column: string, accepts?: z.ZodType, more: Omit<Field, 'sql' | 'accepts'> = {}): Field => ({
  sql: `r.${column}`,
  columns: (value) => ({ [column]: value }),
  ...(accepts ? { accepts } : {}),
  ...more,
});

/** Columns named like their fields, in snake case. */
export const plainFields = (accepts: Readonly<Record<string, z.ZodType>>): Record<string, Field> =>
  Object.fromEntries(Object.entries(accepts).map(([name, type]) => [name, plain(snake(name), type)]));

/** A moment as RFC 3339 in UTC, to the millisecond. */
export const utcText = (moment: string): string =>
  `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export const instant = (column: string, accepts?: z.ZodType, more: Omit<Field, 'sql' | 'accepts'> = {}): Field => ({
  ...plain(column, accepts, more),
  sql: utcText(`r.${column}`),
});

/** A text of one line. PostgreSQL stores neither a NUL nor half a character. */
export const line = (max: number): z.ZodString =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u);

export const prose = (max: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\0\p{Cs}]*$/u);

export const rfc3339 = z.iso.datetime({ offset: true });

const earliest = '1850';
/** Not in the future, a day generously: a hospital may be ahead of UTC. */
const begun = (text: string): boolean => text.slice(0, 4) >= earliest && text <= tomorrow().slice(0, text.length);
const tomorrow = (): string => new Date(Date.now() + 24 * 3_600_000).toISOString();

export const day = z.iso.date().refine(begun, 'must be a day since 1850 and not in the future');

const precisions: Readonly<Record<number, string>> = { 4: 'year', 7: 'month', 10: 'day' };

/** `1980`, `1980-05` or `1980-05-17`. */
export const partialDate = z
  .string()
  .regex(/^\d{4}(-\d{2}(-\d{2})?)?$/)
  .refine((text) => z.iso.date().safeParse(whole(text)).success && begun(text), 'must be a date such as 1980-05');

const whole = (text: string): string => text + '-01-01'.slice(text.length - 4);

/** A date as far as it is known, in two columns. */
export const partialDateField = (column: string, more: Omit<Field, 'sql' | 'accepts' | 'columns'> = {}): Field => ({
  sql: `case r.${column}_precision when 'year' then to_char(r.${column}, 'YYYY')
             when 'month' then to_char(r.${column}, 'YYYY-MM') else to_char(r.${column}, 'YYYY-MM-DD') end`,
  accepts: partialDate.nullable(),
  columns: (value) =>
    typeof value === 'string'
      ? { [column]: whole(value), [`${column}_precision`]: precisions[value.length] }
      : { [column]: null, [`${column}_precision`]: 'day' },
  ...more,
});

export const columnsOf = (
  fields: Readonly<Record<string, Field>>,
  name: string,
  value: unknown = null,
): Record<string, unknown> => ({
  ...fields[name]?.columns?.(value),
});
