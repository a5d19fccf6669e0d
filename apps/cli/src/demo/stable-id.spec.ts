import { stableId } from './stable-id.js';

describe('an id of demo data', () => {
  it('is a UUIDv7 that its name alone decides', () => {
    expect(stableId('ward ICU')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(stableId('ward ICU')).toBe(stableId('ward ICU'));
    expect(stableId('ward ICU')).not.toBe(stableId('ward PED'));
  });
});
