import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Matches, MaxDate, MinDate, ValidateBy } from 'class-validator';
import { IsInstant, parseInstant } from '../../platform/http/instant.js';
import { formatDay, parseDay } from '@hms/scheduling';

/** A time of day by the wall clock: `HH:MM`. */
export const IsTimeOfDay = (): PropertyDecorator =>
  Matches(/^([01]\d|2[0-3]):[0-5]\d$/, { message: '$property must be a time of day, such as 08:30' });

const [firstDay, lastDay] = [parseDay('2000-01-01') ?? 0, parseDay('2199-12-31') ?? 0];
const isDay = (value: unknown): boolean => {
  const day = typeof value === 'string' ? parseDay(value) : undefined;
  return day !== undefined && day >= firstDay && day <= lastDay;
};

/** A calendar day of this or the next century: `2026-03-29`. */
export const IsDay = (): PropertyDecorator =>
  ValidateBy({
    name: 'isCalendarDay',
    validator: {
      validate: isDay,
      defaultMessage: (args) => `${args?.property ?? 'value'} must be a day, such as 2026-03-29`,
    },
  });

/** A moment of this or the next century, in RFC 3339 with its zone; handed on as a `Date`. */
export const IsCalendarInstant = (): PropertyDecorator =>
  applyDecorators(
    IsInstant(),
    MinDate(new Date('2000-01-01'), { message: '$property must not be before 2000' }),
    MaxDate(new Date('2199-12-31'), { message: '$property must be before 2200' }),
  );

/** A moment, or a local day of the site it is about. */
export type DayOrInstant = { readonly day: number } | { readonly instant: Date };

/** `2026-03-29`, or a time with a zone; handed on as a {@link DayOrInstant}. */
export const IsDayOrInstant = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (parseDayOrInstant(value) ?? value) : value,
    ),
    ValidateBy({
      name: 'isDayOrInstant',
      validator: {
        validate: (value) => typeof value === 'object' && value !== null,
        defaultMessage: (args) =>
          `${args?.property ?? 'value'} must be a day, such as 2026-03-29, or a time with a zone, such as 2026-03-29T08:30:00Z`,
      },
    }),
  );

export function parseDayOrInstant(text: string): DayOrInstant | undefined {
  if (isDay(text)) return { day: parseDay(text) ?? 0 };
  const instant = parseInstant(text);
  return instant && isDay(formatDay(Math.floor(instant.getTime() / 86_400_000))) ? { instant } : undefined;
}
