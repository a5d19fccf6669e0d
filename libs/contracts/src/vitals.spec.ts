import { describe, expect, it } from '@jest/globals';
import { acvpuLevels, vitalFromNumber, vitalSigns, vitalToNumber } from './vitals.js';

describe('a vital sign', () => {
  it('has one code, column, wire name and LOINC code', () => {
    for (const key of ['code', 'column', 'wire', 'loinc'] as const) {
      expect(new Set(vitalSigns.map((sign) => sign[key])).size).toBe(vitalSigns.length);
    }
  });

  it('survives being kept as a number', () => {
    for (const level of acvpuLevels) expect(vitalFromNumber('acvpu', vitalToNumber(level))).toBe(level);
    for (const on of [true, false]) expect(vitalFromNumber('onOxygen', vitalToNumber(on))).toBe(on);
    expect(vitalFromNumber('temperature', Math.fround(36.8))).toBe(36.8);
    expect(vitalFromNumber('heartRate', 72)).toBe(72);
  });
});
