import { Module } from '@nestjs/common';
import { MailModule } from '../../platform/mail/mail.module.js';
import { BreakGlassMailRepository } from './break-glass-mail.repository.js';
import { BreakGlassMails } from './break-glass-mails.consumer.js';
import { BreakGlassReviewMails } from './break-glass-review-mails.consumer.js';
import { ReviewRequests } from './review-requests.service.js';
import { ReviewersRepository } from './reviewers.repository.js';

@Module({
  imports: [MailModule],
  providers: [BreakGlassMailRepository, BreakGlassMails, BreakGlassReviewMails, ReviewRequests, ReviewersRepository],
  exports: [BreakGlassMails, BreakGlassReviewMails],
})
export class BreakGlassMailModule {}
