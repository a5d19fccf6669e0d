import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsBoolean, ValidateBy, ValidateIf, type ValidationArguments, type ValidationOptions } from 'class-validator';
import { isUuid } from './uuid.pipe.js';

const flags: Readonly<Record<string, unknown>> = { true: true, false: false };

/** A boolean of a query string: `true` or `false`. */
export const IsFlag = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? (flags[value] ?? value) : value)),
    IsBoolean(),
  );

/** One line of text as a person types it: composed (NFC), without outer blanks, 1 to `max` characters. */
export const IsLine = (max: number, options: Pick<ValidationOptions, 'each'> = {}): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(tidy) : tidy(value))),
    ValidateBy(
      {
        name: 'isLine',
        constraints: [max],
        validator: {
          validate: (value) => typeof value === 'string' && isLine(value, max),
          defaultMessage: (args) => `${args?.property ?? 'value'} must be one line of 1 to ${String(max)} characters`,
        },
      },
      options,
    ),
  );

/** Counts as PostgreSQL does. Nothing in a line of text is invisible: PostgreSQL could not even store a NUL. */
const isLine = (text: string, max: number): boolean =>
  text.length > 0 && [...text].length <= max && !/\p{Cc}/u.test(text);

/** Text of several lines: composed (NFC), lines ended by LF, without outer blanks, 1 to `max` characters. */
export const IsText = (max: number): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? value.normalize('NFC').replace(/\r\n?/g, '\n').trim() : value,
    ),
    ValidateBy({
      name: 'isText',
      constraints: [max],
      validator: {
        validate: (value) => typeof value === 'string' && isText(value, max),
        defaultMessage: (args) => `${args?.property ?? 'value'} must be text of 1 to ${String(max)} characters`,
      },
    }),
  );

const isText = (text: string, max: number): boolean =>
  text.length > 0 && [...text].length <= max && !/[^\P{Cc}\n\t]/u.test(text);

const tidy = (value: unknown): unknown =>
  typeof value === 'string'
    ? value
        .normalize('NFC')
        .replace(/[^\S\r\n]+/gu, ' ')
        .trim()
    : value;

/** An id in a body, in the lower case the database answers with. */
export const IsId = (options: Pick<ValidationOptions, 'each'> = {}): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(lowerCase) : lowerCase(value))),
    ValidateBy({ name: 'isId', validator: { validate: isUuid, defaultMessage: notAnId } }, options),
  );

const lowerCase = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);
const notAnId = (args?: ValidationArguments): string => `${args?.property ?? 'value'} must be a UUID`;

/** Absent means unchanged. Unlike with `IsOptional`, null is not accepted. */
export const IfPresent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);
