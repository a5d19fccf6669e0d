import { z } from 'zod';
import { parseServiceEnv, postgresUrl, redisUrl, serviceEnv } from '@hms/service-kit';

const environment = serviceEnv.extend({
  DATABASE_URL: postgresUrl,
  REDIS_URL: redisUrl,
  /** Only tells whether others can reach this deployment; without it they are taken to. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** HL7 v2 over MLLP is served only where this is set. */
  MLLP_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  /** PEM files of the MLLP port; without them it is plain, for a terminator in front of it. */
  MLLP_TLS_CERTIFICATE_FILE: z.string().min(1).optional(),
  MLLP_TLS_KEY_FILE: z.string().min(1).optional(),
});

export interface IngestConfig {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  /** As `hms_ingest`, through PgBouncer. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly mllp: MllpConfig | undefined;
}

export interface MllpConfig {
  readonly port: number;
  /** Names of PEM files. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | undefined;
}

export function loadConfig(source: NodeJS.ProcessEnv): IngestConfig {
  const env = parseServiceEnv(environment, source);
  return Object.freeze({
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    mllp: mllpOf(env),
  });
}

function mllpOf(env: z.output<typeof environment>): MllpConfig | undefined {
  const { MLLP_PORT: port, MLLP_TLS_CERTIFICATE_FILE: certificateFile, MLLP_TLS_KEY_FILE: keyFile } = env;
  if ((certificateFile === undefined) !== (keyFile === undefined)) {
    throw new Error('MLLP_TLS_CERTIFICATE_FILE and MLLP_TLS_KEY_FILE belong together: set both or neither');
  }
  if (port === undefined) return undefined;
  return {
    port,
    tls: certificateFile !== undefined && keyFile !== undefined ? { certificateFile, keyFile } : undefined,
  };
}
