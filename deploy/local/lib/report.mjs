import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { Failure, codeOf, messageOf } from './failure.mjs';

const SHOWN_BYTES = 16_384;

/** @typedef {(line: string) => void} Print */

/** Progress for a person: one line a step, with its time, and a plain account of a failure. */
export class Report {
  /**
   * @param {Print} print receives whole lines
   * @param {Print} [hint] receives the step under way, for a terminal that can overwrite it
   */
  constructor(print, hint = () => {}) {
    this.print = print;
    this.hint = hint;
  }

  /**
   * @template T
   * @param {string} title
   * @param {(note: (text: string) => void) => Promise<T>} work may add a note that is shown beside the title
   * @returns {Promise<T>}
   */
  async step(title, work) {
    const began = performance.now();
    let noted = '';
    let mark = '✖';
    this.hint(`  … ${title}`);
    try {
      const result = await work((text) => (noted = text));
      mark = '✔';
      return result;
    } finally {
      this.line(mark, title, `${seconds(performance.now() - began)}  ${noted}`);
    }
  }

  /**
   * @param {string} mark
   * @param {string} title
   * @param {string} rest
   */
  line(mark, title, rest) {
    this.print(`  ${mark} ${title.padEnd(12)} ${rest}`.trimEnd());
  }

  /** @param {unknown} error */
  failure(error) {
    this.print('');
    this.print(`  ${messageOf(error)}`);
    if (!(error instanceof Failure)) {
      // An error of the system, such as a full disk, says all there is; any other is a mistake of ours.
      if (error instanceof Error && error.stack && !codeOf(error)) this.print(error.stack);
      return;
    }
    if (error.advice) this.print(`  → ${error.advice}`);
    if (!error.logFile) return;
    this.print(`  The end of ${error.logFile}:`);
    for (const line of lastLines(error.logFile, 15)) this.print(`    ${line}`);
  }
}

/** @returns {Report} one that writes to this process's standard output */
export function terminalReport() {
  // Whoever read this may have left, as `npm start | head` does; the stack goes on.
  process.stdout.on('error', () => {});
  const overwrite = process.stdout.isTTY ? '\r\x1b[2K' : '';
  return new Report(
    (line) => process.stdout.write(`${overwrite}${line}\n`),
    (line) => overwrite && process.stdout.write(`${overwrite}${line}`),
  );
}

/**
 * @param {number} milliseconds
 * @returns {string} such as `  1.2 s`
 */
export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1).padStart(5)} s`;

/**
 * The last lines of a file, or none when it does not exist.
 * @param {string} file
 * @param {number} count
 * @returns {string[]}
 */
export function lastLines(file, count) {
  if (!existsSync(file)) return [];
  const descriptor = openSync(file, 'r');
  try {
    const size = fstatSync(descriptor).size;
    const buffer = Buffer.alloc(Math.min(size, SHOWN_BYTES));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Rows as aligned text; numbers to the right.
 * @param {(string | number)[][]} rows
 * @returns {string[]}
 */
export function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
