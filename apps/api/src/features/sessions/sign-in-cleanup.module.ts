import { Module } from '@nestjs/common';
import { SignInCleanupJob } from './sign-in-cleanup.job.js';
import { SignInCleanupRepository } from './sign-in-cleanup.repository.js';

@Module({ providers: [SignInCleanupJob, SignInCleanupRepository], exports: [SignInCleanupJob] })
export class SignInCleanupModule {}
