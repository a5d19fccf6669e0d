import type { ExceptionDto } from './exceptions.dto.js';
import type { RuleDto } from './rules.dto.js';
import type { ExceptionRow, RuleRow } from './rules.repository.js';

/** Days and times of day as Prisma takes them. */
export const fromDay = (day: string): Date => new Date(`${day}T00:00:00Z`);
export const fromTime = (time: string): Date => new Date(`1970-01-01T${time}:00Z`);

const toDay = (date: Date): string => date.toISOString().slice(0, 10);
const toTime = (date: Date): string => date.toISOString().slice(11, 16);

export const toRuleDto = (row: RuleRow): RuleDto => ({
  ...row,
  localStart: toTime(row.localStart),
  localEnd: toTime(row.localEnd),
  validFrom: row.validFrom && toDay(row.validFrom),
  validUntil: row.validUntil && toDay(row.validUntil),
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

export const toExceptionDto = (row: ExceptionRow): ExceptionDto => ({
  ...row,
  firstDay: toDay(row.firstDay),
  lastDay: toDay(row.lastDay),
  localStart: row.localStart && toTime(row.localStart),
  localEnd: row.localEnd && toTime(row.localEnd),
  createdAt: row.createdAt.toISOString(),
});

export const withoutReason = (row: ExceptionRow): ExceptionDto => ({ ...toExceptionDto(row), reason: null });
