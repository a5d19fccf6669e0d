import { OperatorError } from '@hms/database';
import { parseEnv, postgresUrl } from '@hms/service-kit';
import { z } from 'zod';

const OwnerEnv = z.object({ DATABASE_DIRECT_URL: postgresUrl });

/** The direct connection (not PgBouncer) of the login that owns the schemas. */
export function ownerUrl(env: NodeJS.ProcessEnv): string {
  try {
    return parseEnv(OwnerEnv, env).DATABASE_DIRECT_URL;
  } catch (err) {
    if (!(err instanceof Error)) throw err;
    throw new OperatorError(`${err.message}; set it, or use "npm run hms --" which does.`, { cause: err });
  }
}
