import { randomBytes } from 'node:crypto';
import { FieldCipher, type KeyRing, type SealedPlace } from './field-cipher.js';
import type { NamedKey } from './sealed-text.js';

const newKey = (id: string): NamedKey => ({ id, secret: randomBytes(32) });
const ringOf = (hospitalId: string | null, field: NamedKey, index = newKey('index')): KeyRing => ({
  hospitalId,
  opening: new Map([[field.id, field]]),
  sealing: field,
  indexing: index,
});
const place: SealedPlace = { table: 'patient_identifier', column: 'value_sealed', rowId: 'row-1' };
const [shared, index] = [newKey('key-1'), newKey('index-1')];
const unreadable = expect.objectContaining({ code: 'encryption.unreadable' }) as unknown;

describe('a sealed field', () => {
  it('opens in its place', () => {
    const cipher = new FieldCipher(ringOf('hospital-a', shared));
    expect(cipher.open(place, cipher.seal(place, 'žluťoučký 1'))).toBe('žluťoučký 1');
  });

  it.each([
    ['row', { ...place, rowId: 'row-2' }],
    ['column', { ...place, column: 'other_sealed' }],
    ['table', { ...place, table: 'other' }],
  ])('opens in no other %s, and that is told', (_what, other) => {
    const told: SealedPlace[] = [];
    const cipher = new FieldCipher(ringOf('hospital-a', shared), (where) => told.push(where));
    expect(() => cipher.open(other, cipher.seal(place, 'secret'))).toThrow(unreadable as Error);
    expect(told).toEqual([other]);
  });

  it('opens in no other hospital and not on the platform, even under the same key', () => {
    const sealed = new FieldCipher(ringOf('hospital-a', shared)).seal(place, 'secret');
    for (const hospital of ['hospital-b', null]) {
      expect(() => new FieldCipher(ringOf(hospital, shared)).open(place, sealed)).toThrow(unreadable as Error);
    }
  });

  it('is refused when its key is not one of the hospital', () => {
    const sealed = new FieldCipher(ringOf('hospital-a', shared)).seal(place, 'secret');
    expect(() => new FieldCipher(ringOf('hospital-a', newKey('key-2'))).open(place, sealed)).toThrow(
      unreadable as Error,
    );
  });

  it('opens under an older key while new values take the newer', () => {
    const before = new FieldCipher(ringOf('hospital-a', shared)).seal(place, 'secret');
    const newer = newKey('key-2');
    const rotated = new FieldCipher({
      ...ringOf('hospital-a', newer, index),
      opening: new Map([shared, newer].map((key) => [key.id, key])),
    });
    expect(rotated.open(place, before)).toBe('secret');
    expect(rotated.seal(place, 'secret')).toMatch(/^v1\.key-2\./);
  });

  it('is unavailable, not unreadable, while its key is out of reach', () => {
    const told: SealedPlace[] = [];
    const sealed = new FieldCipher(ringOf('hospital-a', shared)).seal(place, 'secret');
    const ring = { hospitalId: 'hospital-a', opening: new Map([[shared.id, null]]), sealing: null, indexing: null };
    const cipher = new FieldCipher(ring, (where) => told.push(where));
    expect(cipher.available).toBe(false);
    const attempts = [
      () => cipher.open(place, sealed),
      () => cipher.seal(place, 'x'),
      () => cipher.blindIndex(place, 'X'),
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'service.unavailable' }) as Error);
    }
    expect(told).toEqual([]);
  });
});

describe('a blind index', () => {
  const indexOf = (hospital: string, key: NamedKey, column = 'value_sealed', value = 'AB1234'): string =>
    new FieldCipher(ringOf(hospital, shared, key))
      .blindIndex({ table: 'patient_identifier', column }, value)
      .toString('hex');

  it('is 32 bytes, equal for equal values and for nothing else', () => {
    expect(indexOf('a', index)).toMatch(/^[0-9a-f]{64}$/);
    expect(indexOf('a', index)).toBe(indexOf('a', index));
    const others = [
      indexOf('a', index, 'value_sealed', 'AB1235'),
      indexOf('a', index, 'other'),
      indexOf('b', newKey('index-2')),
    ];
    expect(new Set([indexOf('a', index), ...others]).size).toBe(4);
  });
});
