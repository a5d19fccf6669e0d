import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsBoolean, IsString, Length, Matches, ValidateIf } from 'class-validator';

const flags: Readonly<Record<string, unknown>> = { true: true, false: false };

/** A boolean of a query string: `true` or `false`. */
export const IsFlag = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? (flags[value] ?? value) : value)),
    IsBoolean(),
  );

/** One line of text as a person types it: composed (NFC), without outer blanks, 1 to `max` characters. */
export const IsLine = (max: number): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? tidy(value) : value)),
    IsString(),
    Length(1, max),
    Matches(/^\P{Cc}*$/u, { message: '$property must not contain control characters' }),
  );

const tidy = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[^\S\r\n]+/gu, ' ')
    .trim();

/** Absent means unchanged. Unlike with `IsOptional`, null is not accepted. */
export const IfPresent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);
