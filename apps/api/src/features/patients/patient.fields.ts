import { applyDecorators } from '@nestjs/common';
import { Matches, MaxDate, MinDate, ValidateBy } from 'class-validator';
import { IsInstant } from '../../platform/http/instant.js';
import { parsePartialDate } from './partial-date.js';

const rule = (name: string, holds: (value: string) => boolean, message: string): PropertyDecorator =>
  ValidateBy({
    name,
    validator: {
      validate: (value) => typeof value === 'string' && holds(value),
      defaultMessage: (args) => `${args?.property ?? 'value'} ${message}`,
    },
  });

/** `1980`, `1980-05` or `1980-05-17`, from 1850 on. */
export const IsPartialDate = (): PropertyDecorator =>
  rule(
    'isPartialDate',
    (text) => parsePartialDate(text) !== undefined,
    'must be a date such as 1980, 1980-05 or 1980-05-17',
  );

/** A partial date that has begun. The day is compared a day generously: a hospital may be ahead of UTC. */
export const IsPastPartialDate = (): PropertyDecorator =>
  applyDecorators(
    IsPartialDate(),
    rule('isPast', (text) => (parsePartialDate(text)?.first.getTime() ?? 0) <= tomorrow(), 'must not be in the future'),
  );

/** A whole date that has begun, such as `1980-05-17`. */
export const IsPastDay = (): PropertyDecorator =>
  applyDecorators(
    IsPastPartialDate(),
    rule('isDay', (text) => text.length === 10, 'must be a whole date such as 1980-05-17'),
  );

/** RFC 3339 with its zone, since 1850 and not in the future; handed on as a `Date`. */
export const IsPastInstant = (): PropertyDecorator =>
  applyDecorators(
    IsInstant(),
    MinDate(new Date('1850-01-01'), { message: '$property must not be before 1850' }),
    MaxDate(() => new Date(), { message: '$property must not be in the future' }),
  );

/** A telephone number as people write it, with at least four digits. */
export const IsPhone = (): PropertyDecorator =>
  Matches(/^(?=(?:\D*\d){4})\+?[0-9 ().-]{4,30}$/, { message: '$property must be a telephone number' });

/** BCP 47 as far as it names a language, such as `en` or `pt-BR`. */
export const IsLanguage = (): PropertyDecorator =>
  Matches(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$/, { message: '$property must be a language tag such as en or pt-BR' });

const dayMs = 24 * 3_600_000;
const tomorrow = (): number => Date.now() + dayMs;
