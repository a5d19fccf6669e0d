import pg from 'pg';
import { OperatorError } from '../operator-error.js';

const ADVICE: Record<string, string> = {
  ECONNREFUSED: 'nothing answers there; start PostgreSQL or correct DATABASE_DIRECT_URL',
  ENOTFOUND: 'the host is unknown; correct DATABASE_DIRECT_URL',
  '28P01': 'the password is wrong; correct DATABASE_DIRECT_URL',
  '28000': 'the login is not allowed; correct DATABASE_DIRECT_URL',
  '3D000': 'the database does not exist; create it or correct DATABASE_DIRECT_URL',
};

/**
 * Runs `work` on a connection of the login that owns the schemas. It must be direct: migrations hold session locks
 * and session settings, which PgBouncer would hand to others.
 */
export async function withOwner<T>(url: string, work: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: url, application_name: 'hms' });
  owner.on('error', () => undefined); // the query in flight rejects with the same error
  try {
    await owner.connect();
  } catch (err) {
    const advice = err instanceof Error && 'code' in err ? ADVICE[String(err.code)] : undefined;
    if (advice === undefined) throw err;
    throw new OperatorError(`Cannot connect to PostgreSQL at ${owner.host}:${String(owner.port)}: ${advice}.`, {
      cause: err,
    });
  }
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}
