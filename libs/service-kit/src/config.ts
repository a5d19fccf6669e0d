import { z } from 'zod';
import { refuseUnsafe } from './boot/refuse-unsafe.js';

/** Fields every service's environment has. */
export const serviceEnv = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('production'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(1).max(65_535),
});

export const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });
export const redisUrl = z.url({ protocol: /^rediss?$/ });
/** Addresses or subnets of Nginx. */
export const trustedProxies = z
  .string()
  .default('127.0.0.1')
  .transform((list) => list.split(',').map((proxy) => proxy.trim()))
  .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])));

/**
 * Parses an environment once, at start.
 * @throws an Error that names each bad variable and what is wrong with it, never its value.
 */
export function parseEnv<T extends z.ZodType>(schema: T, source: NodeJS.ProcessEnv): z.output<T> {
  const result = schema.safeParse(source);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')} (${describe(issue, source)})`);
  throw new Error(`Invalid environment: ${problems.join(', ')}`);
}

/**
 * Parses the environment of a service that faces others: in production, unsafe settings are refused as well.
 * @throws an Error that names each bad variable and what is wrong with it, never its value.
 */
export function parseServiceEnv<T extends z.ZodObject>(schema: T, source: NodeJS.ProcessEnv): z.output<T> {
  const env = parseEnv(schema, source);
  refuseUnsafe(source, Object.keys(schema.shape));
  return env;
}

function describe(issue: z.core.$ZodIssue, source: NodeJS.ProcessEnv): string {
  return source[String(issue.path[0])] === undefined ? 'missing' : issue.code;
}
