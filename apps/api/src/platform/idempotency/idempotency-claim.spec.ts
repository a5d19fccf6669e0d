import { describe, expect, it } from '@jest/globals';
import { claimOf } from './idempotency-claim.js';

const request = (key: string | undefined, body: unknown = { name: 'A' }, params: unknown = {}) => ({
  headers: key === undefined ? {} : { 'idempotency-key': key },
  params,
  body,
});
const fingerprint = (...args: Parameters<typeof request>) => Buffer.from(claimOf(request(...args)).fingerprint);

describe('an idempotency key', () => {
  it('may be quoted, as the draft has it, or bare', () => {
    expect(claimOf(request('"8e03978e-40d5-43dd-bc93-6894a57f9324"')).key).toBe('8e03978e-40d5-43dd-bc93-6894a57f9324');
    expect(claimOf(request('8e03978e-40d5-43dd-bc93-6894a57f9324')).key).toBe('8e03978e-40d5-43dd-bc93-6894a57f9324');
  });

  it('is demanded', () => {
    expect(() => claimOf(request(undefined))).toThrow('idempotency.key-required');
  });

  it.each(['', ' ', 'a b', 'a"b', '"', '""', 'ü', 'x'.repeat(201), 'a\u0000'])('cannot be %j', (key) => {
    expect(() => claimOf(request(key))).toThrow('idempotency.key-malformed');
  });

  it('belongs to one body and one path', () => {
    const first = fingerprint('k', { name: 'A' }, { id: '1' });
    expect(fingerprint('k', { name: 'A' }, { id: '1' })).toEqual(first);
    expect(fingerprint('k', { name: 'B' }, { id: '1' })).not.toEqual(first);
    expect(fingerprint('k', { name: 'A' }, { id: '2' })).not.toEqual(first);
  });
});
