import { describe, expect, it } from '@jest/globals';
import { formatGatewayKey, hashSecret, newGatewayKey, parseGatewayKey, secretMatches } from './gateway-key.js';

describe('a gateway key', () => {
  it('is read back from its text', () => {
    const key = newGatewayKey();
    expect(parseGatewayKey(formatGatewayKey(key))).toEqual(key);
  });

  it('matches only its own secret', () => {
    const key = newGatewayKey();
    expect(secretMatches(key.secret, hashSecret(key.secret))).toBe(true);
    expect(secretMatches(newGatewayKey().secret, hashSecret(key.secret))).toBe(false);
  });

  it.each([
    '',
    'dk_',
    'dk_abc_def',
    'Dk_aaaaaaaaaaaa_' + 'A'.repeat(43),
    'dk_aaaaaaaaaaaa_' + 'A'.repeat(44),
    'dk_aaaaaaaaaaaa_' + 'A'.repeat(42) + '\n',
  ])('is not made of %j', (text) => {
    expect(parseGatewayKey(text)).toBeUndefined();
  });
});
