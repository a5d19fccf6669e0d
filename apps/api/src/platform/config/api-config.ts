import { readFileSync } from 'node:fs';
import { readKeySource, type KeySource } from '@hms/encryption';
import { parseEnv, postgresUrl, redisUrl, serviceEnv } from '@hms/service-kit';
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
});

const SigningKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  alg: z.literal('EdDSA'),
  kid: z.string().regex(/^[\w-]{1,64}$/),
  x: z.string().min(1),
  d: z.string().min(1),
});
const AuthKeys = z.object({
  signingKeys: z.array(SigningKey).min(1),
  refreshSecret: z.string().regex(/^[A-Za-z0-9_-]{43,}$/),
});
export type SigningKey = z.output<typeof SigningKey>;

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
  /** Newest first: the first signs, all verify. */
  readonly signingKeys: readonly SigningKey[];
  readonly refreshSecret: Buffer;
  /** Where the keys are that wrap the keys of encrypted fields. */
  readonly encryptionKeys: KeySource;

  /** @throws an Error that names what is wrong, never its value */
  constructor(source: NodeJS.ProcessEnv) {
    const env = parseEnv(Env, source);
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
    this.signingKeys = keys.signingKeys;
    this.refreshSecret = Buffer.from(keys.refreshSecret, 'base64url');
    this.encryptionKeys = readKeySource(source);
  }
}

function readAuthKeys(file: string): z.output<typeof AuthKeys> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Error('AUTH_KEYS_FILE cannot be read as JSON');
  }
  const parsed = AuthKeys.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new Error(`AUTH_KEYS_FILE is not valid: ${parsed.error.issues.map((i) => i.path.join('.')).join(', ')}`);
}
