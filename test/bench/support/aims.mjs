import { table } from './table.mjs';

/**
 * @typedef {object} Aim a figure the product is to reach
 * @property {string} what
 * @property {number} is as measured
 * @property {number} [atLeast]
 * @property {number} [atMost]
 */

/** @param {Aim} aim */
export const isMet = ({ is, atLeast = -Infinity, atMost = Infinity }) => is >= atLeast && is <= atMost;

/** @param {readonly Aim[]} aims */
export const aimsTable = (aims) =>
  table(
    ['aim', '', 'measured', ''],
    aims.map((aim) => [
      aim.what,
      aim.atLeast === undefined ? `≤ ${shown(aim.atMost ?? Infinity)}` : `≥ ${shown(aim.atLeast)}`,
      shown(aim.is),
      isMet(aim) ? 'met' : 'missed',
    ]),
  );

const shown = (/** @type {number} */ value) => value.toLocaleString('en', { maximumSignificantDigits: 3 });
