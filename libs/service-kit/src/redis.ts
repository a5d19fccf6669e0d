import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.js';
import { assertOutsideTransaction } from './transaction-scope.js';

/**
 * A connection whose loss costs speed, never correctness: commands fail fast while Redis is away instead of queueing,
 * and it reconnects for ever. It refuses commands inside a database transaction.
 */
export function connectRedis(url: string, logger: Logger, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    commandTimeout: 1_000,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
    ...options,
  });
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...command) => {
    assertOutsideTransaction('a Redis command');
    return send(...command);
  };
  let reported = false;
  redis.on('error', (err: Error) => {
    if (!reported) logger.warn({ err }, 'redis unreachable');
    reported = true;
  });
  redis.on('ready', () => {
    if (reported) logger.info('redis reachable again');
    reported = false;
  });
  return redis;
}
