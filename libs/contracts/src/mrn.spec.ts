import { formatMrn } from './mrn.js';

describe('a medical record number', () => {
  it('is the running number with leading zeros to eight digits', () => {
    expect(formatMrn(1n)).toBe('00000001');
    expect(formatMrn(12_345_678n)).toBe('12345678');
  });

  it('grows longer rather than repeat', () => {
    expect(formatMrn(123_456_789n)).toBe('123456789');
  });
});
