import { describe, expect, it } from '@jest/globals';
import { failureOf, isHeldUp, schemaOfError } from './failure.js';

const withCode = (code: string): Error => Object.assign(new Error('failed'), { code });

describe('a failed transaction', () => {
  it.each([
    ['23505', 'conflict'],
    ['22012', 'stale'],
    ['23514', 'data'],
    ['22003', 'data'],
    ['57014', 'transient'],
    ['40P01', 'transient'],
    ['53200', 'transient'],
    ['55P03', 'transient'],
    ['25006', 'transient'],
    ['58030', 'transient'],
    ['57P01', 'lost'],
    ['08P01', 'lost'],
    ['ECONNRESET', 'lost'],
    ['EPIPE', 'lost'],
    ['CONNECTION_CLOSED', 'lost'],
    ['NO_ANSWER', 'lost'],
    ['42501', 'fatal'],
    ['42P01', 'fatal'],
    ['XX000', 'fatal'],
  ])('with %s is %s', (code, failure) => {
    expect(failureOf(withCode(code))).toBe(failure);
  });

  it('with an error of our own is fatal', () => {
    for (const thrown of [new TypeError('bug'), 'text', undefined]) expect(failureOf(thrown)).toBe('fatal');
  });

  it('is held up when another holds what it needs or it took too long, and not when the server is in trouble', () => {
    const codes = ['55P03', '57014', '40P01', '40001', '53200', '25006', '57P01', '23505', '42501', 'ECONNRESET'];
    expect(codes.filter((code) => isHeldUp(withCode(code)))).toEqual(['55P03', '57014', '40P01', '40001']);
  });

  it('names the schema it is about, where the server does', () => {
    const refused = Object.assign(withCode('23505'), { schema_name: 'hospital_north' });
    expect([refused, withCode('55P03'), 'text'].map(schemaOfError)).toEqual(['hospital_north', undefined, undefined]);
  });
});
