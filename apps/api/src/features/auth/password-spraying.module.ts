import { Module } from '@nestjs/common';
import { PasswordSprayingJob } from './password-spraying.job.js';
import { PasswordSprayingRepository } from './password-spraying.repository.js';

@Module({
  providers: [PasswordSprayingJob, PasswordSprayingRepository],
  exports: [PasswordSprayingJob],
})
export class PasswordSprayingModule {}
