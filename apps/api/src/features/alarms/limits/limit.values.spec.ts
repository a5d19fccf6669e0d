import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import { assertLimits, limitedCodes, type WantedLimits } from './limit.values.js';

const fieldOf = (code: Parameters<typeof assertLimits>[0], limit: WantedLimits): string | undefined => {
  try {
    assertLimits(code, limit);
    return undefined;
  } catch (err) {
    return err instanceof AppError ? err.details.errors?.[0]?.field : String(err);
  }
};

describe('the limits of a vital sign', () => {
  it('are those of what has an amount', () => {
    expect(limitedCodes).toContain('heartRate');
    expect(limitedCodes).not.toContain('acvpu');
    expect(limitedCodes).not.toContain('onOxygen');
  });

  it.each([
    ['heartRate', { low: 40, high: 140, hysteresis: 5 }],
    ['spo2', { low: 99, high: null }],
    ['spo2', {}],
    ['temperature', { low: 35.5, high: 38.5 }],
  ] as const)('may be for %s %j', (code, limit) => {
    expect(fieldOf(code, limit)).toBeUndefined();
  });

  it.each([
    ['heartRate', { low: 140, high: 40 }, 'high'],
    ['heartRate', { low: 90, high: 90 }, 'high'],
    ['heartRate', { high: 351 }, 'high'],
    ['spo2', { low: -1 }, 'low'],
    ['spo2', { high: 101 }, 'high'],
    ['spo2', { low: 85.5 }, 'low'],
    ['temperature', { low: 19.9 }, 'low'],
    ['heartRate', { low: 40, high: 50, hysteresis: 5 }, 'hysteresis'],
    ['spo2', { low: 85, hysteresis: 15 }, 'hysteresis'],
    ['spo2', { low: 100 }, 'low'],
  ] as const)('are refused for %s with %j, naming %s', (code, limit, field) => {
    expect(fieldOf(code, limit)).toBe(field);
  });
});
