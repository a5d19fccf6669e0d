/** A failure an operator can do something about. Its message is one plain line that says what. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
