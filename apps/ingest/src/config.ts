import { z } from 'zod';
import { parseServiceEnv, postgresUrl, redisUrl, serviceEnv, trustedProxies } from '@hms/service-kit';

const environment = serviceEnv.extend({
  DATABASE_URL: postgresUrl,
  REDIS_URL: redisUrl,
  /** Only tells whether others can reach this deployment; without it they are taken to. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  TRUSTED_PROXIES: trustedProxies,
  /** HL7 v2 over MLLP is served only where this is set. */
  MLLP_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  /** PEM files of the MLLP port; without them it is plain, for a terminator in front of it. */
  MLLP_TLS_CERTIFICATE_FILE: z.string().min(1).optional(),
  MLLP_TLS_KEY_FILE: z.string().min(1).optional(),
  /** MQTT is served only where this names a broker. */
  MQTT_URL: z.url({ protocol: /^mqtts?$/ }).optional(),
  MQTT_CLIENT_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .default('hms-ingest'),
  MQTT_KEYS_FILE: z.string().min(1).optional(),
  /** `/sync` is served only where this says where the API publishes its keys. */
  JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** What is synced is sealed into the audit with these. */
  AUDIT_KEYS_FILE: z.string().min(1).optional(),
  /** How many rows a phone is sent when it begins; of history, the newest. */
  SYNC_DEVICE_ROWS: z.coerce.number().int().min(100).max(1_000_000).default(10_000),
});

export interface IngestConfig {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  /** As `hms_ingest`, through PgBouncer. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Whose `X-Forwarded-For` is believed, one hop deep: addresses or subnets of Nginx. */
  readonly trustedProxies: readonly string[];
  readonly mllp: MllpConfig | undefined;
  readonly mqtt: MqttConfig | undefined;
  readonly sync: SyncConfig | undefined;
}

export interface SyncConfig {
  readonly jwksUrl: URL;
  readonly auditKeysFile: string;
  readonly deviceRows: number;
}

export interface MllpConfig {
  readonly port: number;
  /** Names of PEM files. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | undefined;
}

export interface MqttConfig {
  readonly url: URL;
  /** One for each process, the same after a restart. */
  readonly clientId: string;
  /** Name of a JSON file: gateway keys by the short name of their hospital. */
  readonly keysFile: string | undefined;
}

export function loadConfig(source: NodeJS.ProcessEnv): IngestConfig {
  const env = parseServiceEnv(environment, source);
  return Object.freeze({
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    trustedProxies: env.TRUSTED_PROXIES,
    mllp: mllpOf(env),
    mqtt:
      env.MQTT_URL === undefined
        ? undefined
        : { url: new URL(env.MQTT_URL), clientId: env.MQTT_CLIENT_ID, keysFile: env.MQTT_KEYS_FILE },
    sync: syncOf(env),
  });
}

function syncOf({
  JWKS_URL: jwksUrl,
  AUDIT_KEYS_FILE: auditKeysFile,
  SYNC_DEVICE_ROWS: deviceRows,
}: z.output<typeof environment>): SyncConfig | undefined {
  if (jwksUrl === undefined) return undefined;
  if (auditKeysFile === undefined) throw new Error('JWKS_URL needs AUDIT_KEYS_FILE: what is synced is audited');
  return { jwksUrl: new URL(jwksUrl), auditKeysFile, deviceRows };
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
