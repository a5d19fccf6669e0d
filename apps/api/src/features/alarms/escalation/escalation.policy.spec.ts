import { describe, expect, it } from '@jest/globals';
import { assertSteps, dueAfter, dueStep, lastResort, type LeveledStep, type Untold } from './escalation.policy.js';

const step = (level: number, afterSeconds: number): LeveledStep => ({
  level,
  afterSeconds,
  roles: ['nurse'],
  channels: ['live'],
});
const steps = [step(0, 0), step(1, 120), step(2, 300)];
const raisedAt = new Date('2026-03-01T12:00:00Z');
const after = (seconds: number) => new Date(raisedAt.getTime() + seconds * 1_000);
const raised: Untold = { state: 'raised', priority: 'high', escalationLevel: 0, escalateAt: raisedAt };
const told = (escalationLevel: number, escalateAt: Date): Untold => ({
  ...raised,
  state: 'notified',
  escalationLevel,
  escalateAt,
});

describe('the steps of an escalation', () => {
  it('begin at once and come one after another', () => {
    expect(() => assertSteps(steps)).not.toThrow();
    expect(() => assertSteps(lastResort)).not.toThrow();
    expect(() => assertSteps([step(0, 10)])).toThrow('request.invalid');
    expect(() => assertSteps([step(0, 0), step(1, 60), step(2, 60)])).toThrow('request.invalid');
  });

  it('are told from the first to the last, and then the last again', () => {
    expect(dueStep(steps, raised).level).toBe(0);
    expect(dueStep(steps, told(0, after(120))).level).toBe(1);
    expect(dueStep(steps, told(1, after(300))).level).toBe(2);
    expect(dueStep(steps, told(2, after(1_200))).level).toBe(2);
  });

  it('come at their times after the alarm was raised, however late a worker is', () => {
    const late = after(1_000);
    const first = dueAfter(steps, { step: steps[0]!, somebody: true }, raised, late);
    expect(first).toEqual(after(120));
    const second = dueAfter(steps, { step: steps[1]!, somebody: true }, told(0, first ?? late), late);
    expect(second).toEqual(after(300));
  });

  it('are repeated for high priority only, or where nobody could be told', () => {
    const last = { step: steps[2]!, somebody: true };
    const now = after(300);
    expect(dueAfter(steps, last, told(1, now), now)).toEqual(after(300 + 15 * 60));
    expect(dueAfter(steps, last, { ...told(1, now), priority: 'medium' }, now)).toBeNull();
    const unheard = { ...last, somebody: false };
    expect(dueAfter(steps, unheard, { ...told(1, now), priority: 'low' }, now)).toEqual(after(300 + 5 * 60));
  });
});
