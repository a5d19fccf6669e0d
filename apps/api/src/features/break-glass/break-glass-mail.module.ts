import { Module } from '@nestjs/common';
import { MailModule } from '../../platform/mail/mail.module.js';
import { BreakGlassMailRepository } from './break-glass-mail.repository.js';
import { BreakGlassMails } from './break-glass-mails.consumer.js';

@Module({
  imports: [MailModule],
  providers: [BreakGlassMailRepository, BreakGlassMails],
  exports: [BreakGlassMails],
})
export class BreakGlassMailModule {}
