/**
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} low
 * @property {number} high
 */

/**
 * @param {readonly number[]} values
 * @returns {Spread} NaN where there are none
 */
export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
  return { median, low: sorted[0] ?? NaN, high: sorted.at(-1) ?? NaN };
}

/** @param {number} value */
export const whole = (value) => Math.round(value).toLocaleString('en');

/** @param {Spread} of */
export const describeSpread = ({ median, low, high }) => `${whole(median)} (${whole(low)}–${whole(high)})`;

/** @param {number} share */
export const percent = (share) => `${(share * 100).toFixed(0)} %`;
