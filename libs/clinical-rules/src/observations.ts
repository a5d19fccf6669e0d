import { type NewestObservation, type Observation, observedCodes } from './inputs.js';

/** The newest observation of each vital sign a score may be made of, by its place in `observedCodes`. */
export class Observations {
  readonly #values: number[] = observedCodes.map(() => NaN);
  readonly #times: number[] = observedCodes.map(() => -Infinity);

  /**
   * Takes over what is not older than what is known.
   * @param value NaN when it is not to be believed: nothing is known then
   * @param at milliseconds since 1970
   */
  observe(place: number, value: number, at: number): void {
    if (!(at >= this.timeOf(place))) return;
    this.#values[place] = value;
    this.#times[place] = at;
  }

  /** NaN when there is none. */
  valueOf(place: number): number {
    return this.#values[place] ?? NaN;
  }

  timeOf(place: number): number {
    return this.#times[place] ?? -Infinity;
  }

  readonly newest: NewestObservation = (code): Observation | undefined => {
    const place = observedCodes.indexOf(code);
    const value = this.valueOf(place);
    return Number.isNaN(value) ? undefined : { value, at: this.timeOf(place) };
  };
}
