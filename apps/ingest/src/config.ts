import { z } from 'zod';
import { parseServiceEnv, postgresUrl, redisUrl, serviceEnv } from '@hms/service-kit';

const environment = serviceEnv.extend({
  DATABASE_URL: postgresUrl,
  REDIS_URL: redisUrl,
  /** Only tells whether others can reach this deployment; without it they are taken to. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
});

export interface IngestConfig {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  /** As `hms_ingest`, through PgBouncer. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

export function loadConfig(source: NodeJS.ProcessEnv): IngestConfig {
  const env = parseServiceEnv(environment, source);
  return Object.freeze({
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
  });
}
