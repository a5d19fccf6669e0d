import { Global, Module } from '@nestjs/common';
import { ConnectionLimit } from './connection-limit.service.js';
import { LimitStore } from './limit-store.service.js';
import { RateLimits } from './rate-limits.service.js';

@Global()
@Module({ providers: [ConnectionLimit, LimitStore, RateLimits], exports: [ConnectionLimit, RateLimits] })
export class LimitsModule {}
