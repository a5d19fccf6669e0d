/** Why the client did not do what it was asked for. */
export type ClientProblem =
  /** The device has not synced for longer than it may, or may not any more: nothing is shown. */
  | 'locked'
  /** The browser may evict what is stored, and there is no connection: a change could be lost. */
  | 'not-durable'
  /** The change, or all changes of a group, are larger than the server takes. */
  | 'too-large'
  /** There is no such row, or none that needs attention under this id. */
  | 'not-found';

export class ClientError extends Error {
  constructor(
    readonly code: ClientProblem,
    message: string,
  ) {
    super(message);
    this.name = 'ClientError';
  }
}
