const step = 1.1;

/**
 * Looks for the highest rate that holds. Yields rates to try and is told whether each held: doubling at first, then from
 * the highest that held in steps of 10 %. Returns the knee, or undefined when not even one a second holds.
 */
export function* kneeSearch(start: number): Generator<number, number | undefined, boolean> {
  let broken = Infinity;
  let held = start;
  while (!(yield held)) {
    broken = held;
    held /= 2;
    if (held < 1) return undefined;
  }
  while (held * 2 < broken) {
    if (yield held * 2) held *= 2;
    else broken = held * 2;
  }
  while (held * step < broken && (yield held * step)) held *= step;
  return held;
}
