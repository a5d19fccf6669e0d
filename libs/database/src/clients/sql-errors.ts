import { isDriverAdapterError } from '@prisma/driver-adapter-utils';
import pg from 'pg';

interface DatabaseFailure {
  readonly sqlState: string | undefined;
  readonly constraint: string | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Finds PostgreSQL's own words in an error of pg, of Prisma's adapter or of Prisma's client. */
function failureOf(err: unknown): DatabaseFailure | undefined {
  if (err instanceof pg.DatabaseError) return { sqlState: err.code, constraint: err.constraint };
  if (!isObject(err)) return undefined;
  if (isDriverAdapterError(err)) {
    const cause: object = err.cause;
    return {
      sqlState: err.cause.originalCode,
      constraint: 'constraintName' in cause ? text(cause.constraintName) : undefined,
    };
  }
  return isObject(err['meta']) ? failureOf(err['meta']['driverAdapterError']) : undefined;
}

/** The SQLSTATE of a failed query, such as `23505`; undefined when the error is not PostgreSQL's. */
export const sqlState = (err: unknown): string | undefined => failureOf(err)?.sqlState;

/** The name of the constraint a query broke, as the migrations spell it. */
export const constraintOf = (err: unknown): string | undefined => failureOf(err)?.constraint;

/** Whether a statement or its transaction was ended because it took too long. */
export const ranOutOfTime = (err: unknown): boolean =>
  sqlState(err) === '57014' || (isObject(err) && err['code'] === 'P2028');
