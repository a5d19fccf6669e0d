import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { FeedEvictionRunner } from './feed-eviction.runner.js';
import { FeedEviction } from './feed-eviction.service.js';
import { FeedFollowerRepository } from './feed-follower.repository.js';

/** For the worker. */
@Module({ imports: [TenancyModule], providers: [FeedEviction, FeedEvictionRunner, FeedFollowerRepository] })
export class FeedEvictionModule {}
