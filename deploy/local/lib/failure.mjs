/** A failure a person can act on: what went wrong, what to do, and where to read more. */
export class Failure extends Error {
  /**
   * @param {string} message one plain sentence: the cause
   * @param {{ advice?: string, logFile?: string, cause?: unknown }} [more] advice: what to do; logFile: shown by its end
   */
  constructor(message, { advice = '', logFile = '', cause } = {}) {
    super(message, { cause });
    this.advice = advice;
    this.logFile = logFile;
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * The system's code of an error, such as `ENOENT`; empty when it has none.
 * @param {unknown} error
 * @returns {string}
 */
export function codeOf(error) {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
