import { setTimeout as pause } from 'node:timers/promises';

/** Waits until something is so. @throws after ten seconds */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it did not become so in ten seconds');
    await pause(20);
  }
}
