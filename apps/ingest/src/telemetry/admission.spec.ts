import { describe, expect, it } from '@jest/globals';
import { Admission, admissionLimits, type ShedReason } from './admission.js';

function setUp() {
  const backlog = { queuedRows: 0, waitedMs: 0 };
  const breaker = { open: false };
  const shed: ShedReason[] = [];
  return { backlog, breaker, shed, admission: new Admission(backlog, breaker, (reason) => shed.push(reason)) };
}

describe('a request', () => {
  it('comes in while there is room for its body, and makes room when it leaves', () => {
    const { admission, shed } = setUp();
    const half = admissionLimits.bodyBytes / 2;
    expect([admission.tryEnter(half), admission.tryEnter(half), admission.tryEnter(1)]).toEqual([true, true, false]);
    admission.leave(half);
    expect([admission.tryEnter(1), admission.bodyBytes]).toEqual([true, half + 1]);
    expect(shed).toEqual(['memory']);
  });

  it('is turned away while rows queue up, or wait, or the database fails, or the service ends', () => {
    const { admission, backlog, breaker, shed } = setUp();
    backlog.queuedRows = admissionLimits.queuedRows + 1;
    expect(admission.tryEnter(1)).toBe(false);
    Object.assign(backlog, { queuedRows: 0, waitedMs: admissionLimits.waitedMs + 1 });
    expect(admission.tryEnter(1)).toBe(false);
    backlog.waitedMs = 0;
    breaker.open = true;
    expect(admission.tryEnter(1)).toBe(false);
    breaker.open = false;
    expect(admission.tryEnter(1)).toBe(true);
    admission.drain();
    expect(admission.tryEnter(1)).toBe(false);
    expect(shed).toEqual(['queue', 'queue', 'database', 'draining']);
    expect(admission.bodyBytes).toBe(1);
  });
});
