import { readFileSync } from 'node:fs';
import { AuditKeys } from '@hms/audit';
import { parseKeyFile, type KeyFile, type SigningKey } from '@hms/auth';
import { readKeySource, type KeySource } from '@hms/encryption';
import { parseServiceEnv, postgresUrl, redisUrl, serviceEnv, trustedProxies } from '@hms/service-kit';
import { z } from 'zod';

const Env = serviceEnv.extend({
  DATABASE_URL: postgresUrl,
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  REDIS_URL: redisUrl,
  PUBLIC_URL: z.url({ protocol: /^https?$/ }),
  ALLOWED_ORIGINS: z
    .string()
    .transform((list) => list.split(',').map((origin) => origin.trim()))
    .pipe(z.array(z.url({ protocol: /^https?$/ })))
    .optional(),
  AUTH_KEYS_FILE: z.string().min(1),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }),
  MAIL_FROM: z.string().min(3).max(300),
  BREACHED_PASSWORDS_URL: z.url({ protocol: /^https?$/ }).optional(),
  AUDIT_KEYS_FILE: z.string().min(1),
  AUDIT_CHECKPOINT_DIR: z.string().min(1),
  CACHE: z.enum(['on', 'off']).default('on'),
  TRUSTED_PROXIES: trustedProxies,
  RATE_LIMIT_FACTOR: z.coerce.number().min(0.01).max(10_000).default(1),
  RATE_LIMIT_INSTANCES: z.coerce.number().int().min(1).max(1_000).default(1),
  FIREBASE_PROJECT_ID: z
    .string()
    .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/)
    .optional(),
  FIREBASE_JWKS_URL: z
    .url({ protocol: /^https?$/ })
    .default('https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com'),
  FCM_SERVICE_ACCOUNT_FILE: z.string().min(1).optional(),
  FCM_URL: z.url({ protocol: /^https?$/ }).default('https://fcm.googleapis.com'),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/)
    .optional(),
  TWILIO_AUTH_TOKEN_FILE: z.string().min(1).optional(),
  TWILIO_FROM: z
    .string()
    .regex(/^(\+[1-9]\d{6,14}|MG[0-9a-f]{32})$/)
    .optional(),
  TWILIO_URL: z.url({ protocol: /^https?$/ }).default('https://api.twilio.com'),
});

/** Where SMS are handed over, and as whom. */
export interface TwilioConfig {
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** A number in E.164, or the SID of a messaging service. */
  readonly from: string;
}

/** Everything the API reads from outside, parsed once. */
export class ApiConfig {
  readonly environment: 'development' | 'test' | 'production';
  readonly logLevel: string;
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  readonly redisUrl: string;
  readonly publicUrl: string;
  /** Origins whose pages may open sockets: the public one and those of ALLOWED_ORIGINS. */
  readonly allowedOrigins: readonly string[];
  /** Whose `X-Forwarded-For` is believed, one hop deep: addresses or subnets of Nginx. */
  readonly trustedProxies: readonly string[];
  /** Multiplies every quota of platform/limits. */
  readonly rateLimitFactor: number;
  /** API processes that share the quotas. */
  readonly rateLimitInstances: number;
  /** TLS is demanded of it unless it is this machine. */
  readonly smtpUrl: string;
  /** Sender of every mail, such as `HMS <no-reply@hms.example>`. */
  readonly mailFrom: string;
  /** Of a list of leaked passwords; undefined: none is asked. */
  readonly breachedPasswordsUrl: string | undefined;
  /** Watched: its keys may change while the process runs. */
  readonly authKeysFile: string;
  /** As the file had them at start. */
  readonly signingKeys: readonly SigningKey[];
  readonly refreshSecret: Buffer;
  /** Whose ID tokens sign patients in, and where their keys are; absent: nobody's. */
  readonly firebase: { readonly projectId: string; readonly jwksUrl: string } | undefined;
  /** Absent: no push is sent. */
  readonly fcm: { readonly url: string; readonly serviceAccountFile: string } | undefined;
  /** Absent: no SMS is sent. */
  readonly twilio: TwilioConfig | undefined;
  /** Where the keys are that wrap the keys of encrypted fields. */
  readonly encryptionKeys: KeySource;
  readonly auditKeys: AuditKeys;
  /** Folder outside the database that checkpoints of the audit are copied to. */
  readonly auditCheckpointDir: string;
  /** Off sends every read to the database; writes still say to other processes what they changed. */
  readonly cacheEnabled: boolean;

  /** @throws an Error that names what is wrong, never its value */
  constructor(source: NodeJS.ProcessEnv) {
    const env = parseServiceEnv(Env, source);
    const keys = readAuthKeys(env.AUTH_KEYS_FILE);
    this.environment = env.NODE_ENV;
    this.logLevel = env.LOG_LEVEL;
    this.host = env.HOST;
    this.port = env.PORT;
    this.databaseUrl = env.DATABASE_URL;
    this.databasePoolSize = env.DATABASE_POOL_SIZE;
    this.redisUrl = env.REDIS_URL;
    this.publicUrl = env.PUBLIC_URL;
    this.allowedOrigins = [env.PUBLIC_URL, ...(env.ALLOWED_ORIGINS ?? [])].map((url) => new URL(url).origin);
    this.trustedProxies = env.TRUSTED_PROXIES;
    this.rateLimitFactor = env.RATE_LIMIT_FACTOR;
    this.rateLimitInstances = env.RATE_LIMIT_INSTANCES;
    this.smtpUrl = env.SMTP_URL;
    this.mailFrom = env.MAIL_FROM;
    this.breachedPasswordsUrl = env.BREACHED_PASSWORDS_URL;
    this.authKeysFile = env.AUTH_KEYS_FILE;
    this.signingKeys = keys.signingKeys;
    this.cacheEnabled = env.CACHE === 'on';
    this.refreshSecret = Buffer.from(keys.refreshSecret, 'base64url');
    this.firebase = env.FIREBASE_PROJECT_ID
      ? { projectId: env.FIREBASE_PROJECT_ID, jwksUrl: env.FIREBASE_JWKS_URL }
      : undefined;
    this.fcm = env.FCM_SERVICE_ACCOUNT_FILE
      ? { url: env.FCM_URL, serviceAccountFile: env.FCM_SERVICE_ACCOUNT_FILE }
      : undefined;
    this.twilio = twilioOf(env);
    this.encryptionKeys = readKeySource(source);
    this.auditKeys = AuditKeys.read(env.AUDIT_KEYS_FILE);
    this.auditCheckpointDir = env.AUDIT_CHECKPOINT_DIR;
  }
}

/** All of it or nothing. */
function twilioOf(env: z.output<typeof Env>): TwilioConfig | undefined {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN_FILE: file, TWILIO_FROM: from, TWILIO_URL: url } = env;
  if (accountSid === undefined && file === undefined && from === undefined) return undefined;
  if (accountSid === undefined || file === undefined || from === undefined) {
    throw new Error('TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN_FILE and TWILIO_FROM are needed together');
  }
  return { url, accountSid, authToken: readText(file, 'TWILIO_AUTH_TOKEN_FILE').trim(), from };
}

/** @throws an Error that names what is wrong, never its value */
export const readAuthKeys = (file: string): KeyFile => parseKeyFile(readText(file, 'AUTH_KEYS_FILE'));

function readText(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`${variable} cannot be read`);
  }
}
