/** ioredis connection for commands; pub/sub and BullMQ open their own. */
export const redisConnection = Symbol('redis connection');
