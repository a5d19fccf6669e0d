import { describe, expect, it } from '@jest/globals';
import { audienceOfEvent, eventCatalogue, eventTypes, parseEvent, tagsOf, type EventSpec } from './events.js';

const id = '0198f2a0-0000-7000-8000-000000000001';
const envelope = { id, hospitalId: id, actorId: null, occurredAt: '2026-03-01T12:00:00.000Z' };
const updated = { ...envelope, type: 'patient.updated', payload: { id, version: 2 } };

describe('the catalogue of events', () => {
  it.each(eventTypes)('names %s after what happened', (type) => {
    expect(type).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/);
  });

  it.each(Object.entries<EventSpec>(eventCatalogue))('takes for %s nothing but what it names', (_, { payload }) => {
    expect(payload.safeParse({ id, familyName: 'Muster' }).success).toBe(false);
    expect(payload.safeParse({}).success).toBe(false);
  });
});

describe('an event', () => {
  it('is parsed into what it is', () => {
    expect(parseEvent(updated)).toEqual(updated);
  });

  it.each([
    ['of a type nobody knows', { type: 'patient.vanished' }],
    ['of a type only JavaScript knows', { type: 'constructor' }],
    ['with a name in its payload', { payload: { id, version: 2, familyName: 'Muster' } }],
    ['with the payload of another type', { payload: { userId: id } }],
    ['with more in its envelope', { secret: 'x' }],
  ])('is refused %s', (_, change) => {
    expect(() => parseEvent({ ...updated, ...change })).toThrow();
  });

  it('says what a cache must forget', () => {
    expect(tagsOf(parseEvent(updated))).toEqual([`patient:${id}`, 'patients']);
  });

  it('says who hears of it live, and on which ward', () => {
    expect(audienceOfEvent(parseEvent(updated))).toEqual({ permission: 'patient:read', wardId: undefined });
    const ward = parseEvent({ ...envelope, type: 'ward.changed', payload: { id, version: 1 } });
    expect(audienceOfEvent(ward)).toEqual({ permission: 'ward:read', wardId: id });
    const invited = parseEvent({ ...envelope, type: 'user.invited', payload: { userId: id } });
    expect(audienceOfEvent(invited)).toBeUndefined();
  });
});
