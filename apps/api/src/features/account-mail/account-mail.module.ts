import { Module } from '@nestjs/common';
import { MailModule } from '../../platform/mail/mail.module.js';
import { AccountMails } from './account-mail.consumer.js';
import { AccountMailRepository } from './account-mail.repository.js';

@Module({ imports: [MailModule], providers: [AccountMails, AccountMailRepository], exports: [AccountMails] })
export class AccountMailModule {}
