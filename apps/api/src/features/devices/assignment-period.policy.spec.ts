import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { endOf, maxBackdatingMs, maxPlanningMs, newPeriod } from './assignment-period.policy.js';

const now = new Date('2026-03-01T12:00:00Z');
const at = (ms: number) => new Date(now.getTime() + ms);

describe('a new assignment', () => {
  it('begins now and lasts unless said otherwise', () => {
    expect(newPeriod({}, now)).toEqual({ from: now, until: null });
    expect(newPeriod({ from: at(5), until: at(6) }, now)).toEqual({ from: at(5), until: at(6) });
    expect(newPeriod({ until: null }, now)).toEqual({ from: now, until: null });
  });

  it('begins no further from now than readings can reach', () => {
    expect(newPeriod({ from: at(-maxBackdatingMs) }, now).from).toEqual(at(-maxBackdatingMs));
    expect(newPeriod({ from: at(maxPlanningMs) }, now).from).toEqual(at(maxPlanningMs));
    expect(() => newPeriod({ from: at(-maxBackdatingMs - 1) }, now)).toThrow('request.invalid');
    expect(() => newPeriod({ from: at(maxPlanningMs + 1) }, now)).toThrow('request.invalid');
  });

  it('lasts longer than no time', () => {
    expect(() => newPeriod({ from: at(5), until: at(5) }, now)).toThrow('request.invalid');
    expect(() => newPeriod({ until: at(-1) }, now)).toThrow('request.invalid');
  });
});

describe('ending an assignment', () => {
  const lasting = { from: at(-100), until: null };

  it('happens now, or earlier or later as named', () => {
    expect(endOf(lasting, undefined, now)).toEqual(now);
    expect(endOf(lasting, at(-99), now)).toEqual(at(-99));
    expect(endOf(lasting, at(99), now)).toEqual(at(99));
    expect(endOf({ ...lasting, until: at(100) }, at(99), now)).toEqual(at(99));
  });

  it('comes after its beginning', () => {
    expect(() => endOf(lasting, at(-100), now)).toThrow('request.invalid');
  });

  it('is done once, and never prolongs it', () => {
    expect(() => endOf({ ...lasting, until: now }, undefined, now)).toThrow('device-assignment.ended');
    expect(() => endOf({ ...lasting, until: at(100) }, at(100), now)).toThrow('device-assignment.ended');
  });
});
