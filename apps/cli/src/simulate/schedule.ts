/** Which of a set of devices report when: each once every `intervalMs`, evenly staggered so that load has no peaks. */
export interface Schedule {
  readonly deviceCount: number;
  readonly intervalMs: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface Due {
  /** Index of the device. */
  readonly device: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Reports due in [from, to), in the order of their times. Neighbouring windows neither overlap nor leave a gap. */
export function dueBetween(schedule: Schedule, from: number, to: number): Due[] {
  const { deviceCount, intervalMs, startedAt } = schedule;
  const spacing = intervalMs / deviceCount;
  const due: Due[] = [];
  const first = Math.max(0, Math.ceil((from - startedAt) / spacing));
  for (let n = first; startedAt + n * spacing < to; n++) {
    due.push({ device: n % deviceCount, at: Math.floor(startedAt + n * spacing) });
  }
  return due;
}
