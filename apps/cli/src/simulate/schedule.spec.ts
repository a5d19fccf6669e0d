import { dueBetween } from './schedule.js';

const schedule = { deviceCount: 48, intervalMs: 2_000, startedAt: 1_000_000 };

describe('the schedule of reports', () => {
  it('lets every device report once per interval', () => {
    const due = dueBetween(schedule, schedule.startedAt, schedule.startedAt + 10_000);
    expect(due).toHaveLength(48 * 5);
    for (let device = 0; device < 48; device++) {
      const times = due.filter((d) => d.device === device).map((d) => d.at);
      expect(times.slice(1).map((at, i) => at - (times[i] ?? 0))).toEqual([2_000, 2_000, 2_000, 2_000]);
    }
  });

  it('gives the same reports however the time is cut into windows', () => {
    const whole = dueBetween(schedule, schedule.startedAt, schedule.startedAt + 7_000);
    const cuts = [0, 13, 250, 251, 1_999, 2_000, 6_999, 7_000].map((ms) => schedule.startedAt + ms);
    const pieces = cuts.slice(1).flatMap((to, i) => dueBetween(schedule, cuts[i] ?? to, to));
    expect(pieces).toEqual(whole);
  });

  it('never gives one device the same time twice, at up to a hundred reports a second each', () => {
    const due = dueBetween({ ...schedule, intervalMs: 10 }, schedule.startedAt, schedule.startedAt + 1_000);
    expect(new Set(due.map((d) => `${String(d.device)} ${String(d.at)}`)).size).toBe(due.length);
  });
});
