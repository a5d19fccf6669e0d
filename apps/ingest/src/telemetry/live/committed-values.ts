import { lateAfterMs } from '../late.js';
import { hasVitals, type ResolvedReading } from '../reading.js';
import { NewestValues } from './newest-values.js';

/**
 * What a flush committed for the patients of one hospital, folded once for all who look at it behind the commit. What
 * came late is for the chart: it is shown on no screen, and alarms nobody.
 */
export interface CommittedValues {
  readonly fresh: NewestValues;
  readonly late: NewestValues;
}

/** @param now milliseconds since 1970 */
export function committedValues(rows: readonly ResolvedReading[], now: number): CommittedValues {
  const fresh = new NewestValues();
  const late = new NewestValues();
  const lateBefore = (now - lateAfterMs) * 1_000;
  for (const { assignment, reading } of rows) {
    if (assignment && hasVitals(reading)) (reading.recordedAt < lateBefore ? late : fresh).add(assignment, reading);
  }
  return { fresh, late };
}
