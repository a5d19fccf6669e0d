import { Module } from '@nestjs/common';
import { IdempotencyExpiryJob } from './idempotency-expiry.job.js';
import { IdempotencyKeys } from './idempotency-keys.service.js';
import { IdempotencyRepository } from './idempotency.repository.js';

@Module({
  providers: [IdempotencyExpiryJob, IdempotencyKeys, IdempotencyRepository],
  exports: [IdempotencyExpiryJob, IdempotencyKeys],
})
export class IdempotencyModule {}
