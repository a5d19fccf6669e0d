import { OperatorError, type SchemaProgress } from '@hms/database';
import { progressLine, summaryLine } from './progress-line.js';

const of = (status: SchemaProgress['status'], more: Partial<SchemaProgress> = {}): SchemaProgress => ({
  schema: 'hospital_a',
  status,
  applied: [],
  ...more,
});

describe('the output of hms migrate', () => {
  it.each([
    [of('done', { applied: ['0001_a', '0002_b'] }), '✔ hospital_a               0001_a, 0002_b'],
    [of('done'), '✔ hospital_a               up to date'],
    [of('failed', { error: new OperatorError('0002_b failed.') }), '✖ hospital_a               0002_b failed.'],
  ])('has one line for each finished schema', (progress, line) => {
    expect(progressLine(progress)).toBe(line);
  });

  it('says how to finish a hospital whose creation was interrupted', () => {
    expect(progressLine(of('unfinished'))).toContain('run "hms hospital create" again');
  });

  it('says nothing of a schema that is only started', () => {
    expect(progressLine(of('started'))).toBeUndefined();
  });

  it('ends with what became of them all', () => {
    const results = [of('done', { applied: ['0001_a'] }), of('done'), of('done'), of('failed')];
    expect(summaryLine(results)).toBe('4 schemas: 1 migrated, 2 up to date, 1 failed.');
    expect(summaryLine([of('done')])).toBe('1 schema: 1 up to date.');
  });
});
