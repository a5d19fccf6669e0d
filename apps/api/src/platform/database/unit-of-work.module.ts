import { Global, Module } from '@nestjs/common';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { UnitOfWork } from './unit-of-work.js';

@Global()
@Module({ imports: [IdempotencyModule], providers: [UnitOfWork], exports: [UnitOfWork] })
export class UnitOfWorkModule {}
