import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { connectRedis, type Logger } from '@hms/service-kit';
import type { Redis } from 'ioredis';
import { ApiConfig } from '../config/api-config.js';
import { rootLogger } from '../observability/observability.tokens.js';
import { redisConnection } from './database.tokens.js';

@Global()
@Module({
  providers: [
    {
      provide: HospitalDatabase,
      inject: [ApiConfig, rootLogger],
      useFactory: (config: ApiConfig, logger: Logger) =>
        new HospitalDatabase({
          url: config.databaseUrl,
          poolSize: config.databasePoolSize,
          onError: (err) => logger.warn({ err }, 'database connection lost'),
        }),
    },
    {
      provide: redisConnection,
      inject: [ApiConfig, rootLogger],
      useFactory: (config: ApiConfig, logger: Logger) => connectRedis(config.redisUrl, logger),
    },
  ],
  exports: [HospitalDatabase, redisConnection],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    private readonly database: HospitalDatabase,
    @Inject(redisConnection) private readonly redis: Redis,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.redis.disconnect();
    await this.database.close();
  }
}
