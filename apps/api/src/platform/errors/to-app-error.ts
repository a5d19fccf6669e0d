import { HttpException } from '@nestjs/common';
import { AppError, commonError, commonErrors, edgeError } from '@hms/contracts';
import { sqlState } from '@hms/database';

const byStatus: Readonly<Record<number, keyof typeof commonErrors>> = {
  400: 'request.malformed',
  401: 'auth.unauthenticated',
  403: 'auth.forbidden',
  404: 'route.not-found',
  405: 'method.not-allowed',
  413: 'body.too-large',
  415: 'body.unsupported-type',
  503: 'service.unavailable',
};

/**
 * Gives everything a layer below may throw its place in the catalogue: Nest's and Fastify's own refusals by status,
 * a database that is away or has no time as 503, anything else as 500.
 */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const status = statusOf(thrown);
  const code = byStatus[status ?? 0];
  if (code) return commonError(code, { cause: thrown });
  if (status === 414) return edgeError('request.address-too-long', { cause: thrown });
  if (overloaded.has(sqlState(thrown) ?? '')) return commonError('service.busy', { cause: thrown });
  if (isDatabaseAway(thrown)) return commonError('service.unavailable', { cause: thrown });
  return commonError('internal.error', { cause: thrown });
}

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (!(thrown instanceof Error) || !('code' in thrown) || !('statusCode' in thrown)) return undefined;
  const { code, statusCode } = thrown;
  return typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' ? statusCode : undefined;
}

// Serialization failure and deadlock after every repetition, lock timeout, statement timeout.
const overloaded = new Set(['40001', '40P01', '55P03', '57014']);

// Prisma: cannot reach, timed out waiting for the pool or for a transaction to start.
const awayCodes = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
]);

function isDatabaseAway(thrown: unknown): boolean {
  for (let err: unknown = thrown; err instanceof Error; err = err.cause) {
    if ('code' in err && typeof err.code === 'string' && awayCodes.has(err.code)) return true;
  }
  return false;
}
