import { Redis } from 'ioredis';

/** The Redis of the test servers, or one of its databases. */
export const connectTestRedis = (db = 0): Redis => new Redis(process.env['REDIS_URL'] ?? '', { db });
