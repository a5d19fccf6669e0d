import { setTimeout as delay } from 'node:timers/promises';

const lookEveryMs = 20;

/** Looks again and again until `look` answers something, for at most `withinMs`. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined, withinMs = 10_000): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > until) throw new Error(`nothing seen within ${withinMs} ms`);
    await delay(lookEveryMs);
  }
}
