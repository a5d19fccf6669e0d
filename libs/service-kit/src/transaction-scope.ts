import { AsyncLocalStorage } from 'node:async_hooks';

const scope = new AsyncLocalStorage<true>();

/** Runs the statements of one database transaction; what they call knows that locks are held meanwhile. */
export const insideTransaction = <T>(work: () => Promise<T>): Promise<T> => scope.run(true, work);

/**
 * Call it where a request to another system begins. While a transaction waits for a network, everybody waits for its
 * locks and its connection; and what the other system did stays done when the transaction is repeated or rolled back.
 * @throws an Error inside a transaction: do it before or after, or through the outbox
 */
export function assertOutsideTransaction(what: string): void {
  if (scope.getStore()) throw new Error(`${what} inside a database transaction`);
}
