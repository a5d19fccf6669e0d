import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsDate } from 'class-validator';

const form =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:[0-5]\d)$/i;

/** Parses RFC 3339; undefined for anything without a zone and for days that do not exist. */
export function parseInstant(text: string): Date | undefined {
  // In a query string a plus that was not encoded arrives as a blank.
  const instant = text.replace(/ (?=\d{2}:\d{2}$)/, '+');
  const [, year, month, day] = form.exec(instant)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const time = Date.parse(instant);
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** A moment in RFC 3339, with its zone; handed on as a `Date`. */
export const IsInstant = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? (parseInstant(value) ?? value) : value)),
    IsDate({ message: '$property must be a time with a zone, such as 2026-01-31T08:30:00Z' }),
  );
