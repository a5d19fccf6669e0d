import { commonError, refusalOfCharted, type ChartedCode, type ChartedValue, type FieldProblem } from '@hms/contracts';

/** Further back nothing is charted by hand: it would belong in a document. */
export const maxBackdatingMs = 7 * 24 * 3_600_000;
/** Clocks differ; the database allows a minute. */
const maxAheadMs = 30_000;

export interface Charted {
  readonly code: ChartedCode;
  readonly value: ChartedValue;
}

/** When it was observed. @throws `request.invalid` for the future, and for what is too long ago */
export function timeOfRound(recordedAt: Date | undefined, now: Date): Date {
  if (recordedAt === undefined) return now;
  const ahead = recordedAt.getTime() - now.getTime();
  if (ahead > maxAheadMs) throw invalid([field('recordedAt', 'future', 'must not be in the future')]);
  if (ahead < -maxBackdatingMs) throw invalid([field('recordedAt', 'age', 'must be within the last 7 days')]);
  return recordedAt;
}

/** @throws `request.invalid` unless each is a value of its sign, no sign comes twice and the pressures fit together */
export function assertPlausible(values: readonly Charted[]): void {
  const problems = values.flatMap(({ code, value }, i) => {
    const refusal = refusalOfCharted(code, value);
    if (refusal !== undefined) return [field(`values.${i}.value`, 'value', refusal)];
    const again = values.findIndex((other) => other.code === code) < i;
    return again ? [field(`values.${i}.code`, 'duplicate', 'is given twice')] : [];
  });
  if (problems.length > 0) throw invalid(problems);
  for (const [upper, lower] of [
    ['systolic', 'diastolic'],
    ['arterialSystolic', 'arterialDiastolic'],
  ] as const) {
    const [high, low] = [upper, lower].map((code) => values.findIndex((each) => each.code === code));
    const [above, below] = [values[high ?? -1]?.value, values[low ?? -1]?.value];
    if (typeof above === 'number' && typeof below === 'number' && above <= below) {
      throw invalid([field(`values.${high ?? 0}.value`, 'order', `must be above ${lower}`)]);
    }
  }
}

const field = (name: string, code: string, what: string): FieldProblem => ({
  field: name,
  code,
  message: `${name} ${what}`,
});
const invalid = (errors: FieldProblem[]): Error => commonError('request.invalid', { errors });
