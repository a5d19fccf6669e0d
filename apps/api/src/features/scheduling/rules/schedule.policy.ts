import { commonError } from '@hms/contracts';
import { parseDay } from '@hms/scheduling';
import type { CreateExceptionDto } from './exceptions.dto.js';

/** @throws `request.invalid` unless the last day is not before the first */
export function assertDays(first: string | null | undefined, last: string | null | undefined, field: string): void {
  if (typeof first !== 'string' || typeof last !== 'string' || last >= first) return;
  throw invalid(field, 'days', `${field} must not be before the first day`);
}

/** @throws `request.invalid` unless it has what its kind takes, and nothing else */
export function assertException(command: CreateExceptionDto): void {
  const { kind, firstDay, lastDay = firstDay, localStart, localEnd, slotMin, capacity, serviceIds } = command;
  assertDays(firstDay, lastDay, 'lastDay');
  if ((parseDay(lastDay) ?? 0) - (parseDay(firstDay) ?? 0) > 366) {
    throw invalid('lastDay', 'days', 'lastDay must be at most 366 days after firstDay');
  }
  if ((localStart === undefined) !== (localEnd === undefined)) {
    throw invalid('localEnd', 'times', 'localStart and localEnd belong together');
  }
  const isExtra = kind === 'extra';
  takes('localStart', isExtra ? localStart !== undefined : true, kind);
  takes('slotMin', isExtra === (slotMin !== undefined), kind);
  takes('serviceIds', isExtra || serviceIds === undefined, kind);
  takes('capacity', kind === 'capacity' ? capacity !== undefined : isExtra || capacity === undefined, kind);
}

function takes(field: string, fits: boolean, kind: string): void {
  if (!fits) throw invalid(field, 'kind', `${field} does not go with the kind ${kind}, or is missing`);
}

const invalid = (field: string, code: string, message: string): Error =>
  commonError('request.invalid', { errors: [{ field, code, message }] });
