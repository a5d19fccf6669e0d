import { describe, expect, it } from '@jest/globals';
import { hospitalWith } from '../testing/telemetry-fakes.js';
import { Admission, admissionLimits, type ShedReason } from './admission.js';

const hospital = hospitalWith(1);
const standard = { hospital, isCritical: false };
const critical = { hospital, isCritical: true };

function setUp() {
  const backlog = {
    queuedRows: 0,
    own: 0,
    waitedMs: 0,
    queuedRowsOf: () => backlog.own,
    waitedMsOf: () => backlog.waitedMs,
  };
  const breaker = { open: false };
  const shed: ShedReason[] = [];
  const admission = new Admission(backlog, breaker, (reason) => shed.push(reason));
  const codeOf = (bytes: number) => admission.enter(bytes, standard)?.code;
  return { backlog, breaker, shed, admission, codeOf, isLetIn: (bytes: number) => codeOf(bytes) === undefined };
}

describe('a request', () => {
  it('comes in while there is room for its body, and makes room when it leaves', () => {
    const { admission, shed, isLetIn } = setUp();
    const most = Math.floor(admissionLimits.bodyBytes * 0.9);
    expect(admission.enter(most - 1, undefined)).toBeUndefined();
    expect([isLetIn(1), isLetIn(1)]).toEqual([true, false]);
    admission.leave(most - 1, undefined);
    expect([isLetIn(1), admission.bodyBytes]).toEqual([true, 2]);
    expect(shed).toEqual(['memory']);
  });

  it('is turned away while rows queue up, or wait, or the database fails, or the service ends', () => {
    const { admission, backlog, breaker, shed, isLetIn } = setUp();
    backlog.queuedRows = admissionLimits.queuedRows + 1;
    expect(isLetIn(1)).toBe(false);
    Object.assign(backlog, { queuedRows: 0, waitedMs: admissionLimits.waitedMs + 1 });
    expect(isLetIn(1)).toBe(false);
    backlog.waitedMs = 0;
    breaker.open = true;
    expect(isLetIn(1)).toBe(false);
    breaker.open = false;
    expect(isLetIn(1)).toBe(true);
    admission.drain();
    expect(isLetIn(1)).toBe(false);
    expect(shed).toEqual(['queue', 'queue', 'database', 'draining']);
    expect(admission.bodyBytes).toBe(1);
  });

  it('of a critical gateway may use the last tenth of the room and of the queue, and no other may', () => {
    const { admission, backlog, isLetIn } = setUp();
    const isCriticalLetIn = (bytes: number): boolean => admission.enter(bytes, critical) === undefined;
    const most = Math.floor(admissionLimits.bodyBytes * 0.9);
    expect(admission.enter(most, undefined)).toBeUndefined();
    expect([isLetIn(1), isCriticalLetIn(1)]).toEqual([false, true]);
    const rest = admissionLimits.bodyBytes - most - 1;
    expect([isCriticalLetIn(rest), isCriticalLetIn(1)]).toEqual([true, false]);
    admission.leave(most, undefined);
    for (const bytes of [1, rest]) admission.leave(bytes, critical);
    expect(admission.bodyBytes).toBe(0);
    Object.assign(backlog, { queuedRows: admissionLimits.queuedRows * 0.95, waitedMs: admissionLimits.waitedMs + 1 });
    expect([isLetIn(1), isCriticalLetIn(1)]).toEqual([false, true]);
    backlog.queuedRows = admissionLimits.queuedRows + 1;
    expect(isCriticalLetIn(1)).toBe(false);
  });

  it('is turned away while its hospital owes rows beyond its quota, and told when to come again', () => {
    const { admission, shed, isLetIn } = setUp();
    const { quota } = hospital;
    quota.limitTo(100);
    expect(isLetIn(1)).toBe(true);
    quota.take(1_500);
    const refusal = admission.enter(1, standard);
    expect([refusal?.code, refusal?.retryAfter]).toEqual(['telemetry.over-quota', 6]);
    expect(shed).toEqual(['quota']);
    expect(admission.enter(1, critical)?.code).toBe('telemetry.over-quota');
    quota.limitTo(undefined);
    quota.limitTo(100);
    quota.take(1_050);
    expect([admission.enter(1, standard)?.code, admission.enter(1, critical)?.code]).toEqual([
      'telemetry.over-quota',
      undefined,
    ]);
    quota.limitTo(undefined);
    expect(isLetIn(1)).toBe(true);
  });

  it("is turned away when it would make more than a quarter of the room its hospital's, while others send, too", () => {
    const { admission, shed, codeOf } = setUp();
    const other = { hospital: hospitalWith(1), isCritical: false };
    const each = admissionLimits.bodyBytesEach;
    expect(codeOf(each + 1)).toBeUndefined();
    expect(admission.enter(1, other)).toBeUndefined();
    expect([codeOf(1), admission.enter(1, critical)?.code]).toEqual(['telemetry.over-share', undefined]);
    admission.leave(1, critical);
    expect(admission.enter(each * admissionLimits.criticalExcess, critical)?.code).toBe('telemetry.over-share');
    expect(admission.enter(each - 1, other)).toBeUndefined();
    admission.leave(each + 1, standard);
    expect([codeOf(each + 1), codeOf(each), codeOf(1)]).toEqual([
      'telemetry.over-share',
      undefined,
      'telemetry.over-share',
    ]);
    for (const bytes of [1, each - 1]) admission.leave(bytes, other);
    expect(codeOf(1)).toBeUndefined();
    expect(new Set(shed)).toEqual(new Set(['share']));
  });

  it('finds room beside a hospital that had all to itself', () => {
    const { admission, codeOf } = setUp();
    const piece = admissionLimits.bodyBytesAlone / 10;
    for (let i = 0; i < 10; i++) expect(codeOf(piece)).toBeUndefined();
    expect(codeOf(1)).toBe('telemetry.over-share');
    const other = { hospital: hospitalWith(1), isCritical: false };
    expect(admission.enter(admissionLimits.bodyBytesEach, other)).toBeUndefined();
  });

  it('is told that the room is used up, and not that its hospital uses it, while that does not', () => {
    const { admission, codeOf } = setUp();
    const others = [1, 2, 3].map(() => ({ hospital: hospitalWith(1), isCritical: false }));
    for (const other of others) expect(admission.enter(admissionLimits.bodyBytesEach, other)).toBeUndefined();
    expect(codeOf(admissionLimits.bodyBytes * 0.16)).toBe('service.busy');
    expect(codeOf(admissionLimits.bodyBytes * 0.14)).toBeUndefined();
  });

  it("whose sender is not known yet is nobody's: it takes no share, and only room", () => {
    const { admission, codeOf } = setUp();
    expect(admission.enter(admissionLimits.bodyBytesEach, undefined)).toBeUndefined();
    expect(codeOf(admissionLimits.bodyBytesEach)).toBeUndefined();
    expect(codeOf(1)).toBe('telemetry.over-share');
    admission.leave(admissionLimits.bodyBytesEach, undefined);
    expect([codeOf(1), admission.bodyBytes]).toEqual([undefined, admissionLimits.bodyBytesEach + 1]);
  });

  it('is turned away when much that waits is of its hospital, while others wait too', () => {
    const { backlog, shed, codeOf } = setUp();
    Object.assign(backlog, { queuedRows: 20_000, own: 20_000 });
    expect(codeOf(1)).toBeUndefined();
    backlog.queuedRows = 20_001;
    expect(codeOf(1)).toBe('telemetry.over-share');
    backlog.own = admissionLimits.queuedRowsEach;
    expect(codeOf(1)).toBeUndefined();
    expect(shed).toEqual(['share']);
  });
});
