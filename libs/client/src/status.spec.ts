import { describe, expect, it } from '@jest/globals';
import { freshQueue } from './queue/queued.js';
import { freshRows } from './rows/held.js';
import { type Facts, statusOf, summaryOf } from './status.js';

const noon = Date.parse('2026-01-05T12:00:00Z');
const facts: Facts = {
  engine: { phase: 'idle', problem: null, nextTryAt: null },
  queue: freshQueue,
  rows: { ...freshRows, syncedAt: '2026-01-05T10:42:00.000Z', leaseUntil: '2026-01-05T12:00:00.000Z' },
  waiting: 3,
  attention: 0,
  durable: true,
  now: noon - 1,
};
const status = (more: Partial<Facts> = {}) => statusOf({ ...facts, ...more });
const utc = { timeZone: 'UTC' };

describe('the status', () => {
  it('is locked from the moment the lease ends, by the clock of the server', () => {
    expect(status().locked).toBe(false);
    expect(status({ now: noon }).locked).toBe(true);
    expect(status({ queue: { ...freshQueue, off: 1 } }).locked).toBe(true);
  });

  it('is not locked before the first sync: there is nothing to show yet', () => {
    expect(status({ rows: freshRows }).locked).toBe(false);
  });

  it('is locked on a device that may not sync any more', () => {
    expect(status({ engine: { ...facts.engine, phase: 'revoked' }, rows: freshRows }).locked).toBe(true);
  });

  it.each([
    [{}, '3 changes waiting, last synced 10:42'],
    [{ waiting: 1, attention: 2 }, '1 change waiting, 2 changes to look at, last synced 10:42'],
    [{ waiting: 0, rows: freshRows }, 'never synced'],
    [{ waiting: 0, now: noon }, 'Locked until it has synced, last synced 10:42'],
  ])('is one line for a person: %j', (more, line) => {
    expect(summaryOf(status(more), utc)).toBe(line);
  });
});
