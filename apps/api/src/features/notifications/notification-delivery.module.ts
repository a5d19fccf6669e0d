import { Module } from '@nestjs/common';
import { ApiConfig } from '../../platform/config/api-config.js';
import { MailModule } from '../../platform/mail/mail.module.js';
import { Mailer } from '../../platform/mail/mailer.service.js';
import { BroadcastPages } from './broadcasts/broadcast-pages.consumer.js';
import { BroadcastsRepository } from './broadcasts/broadcasts.repository.js';
import { channelSenders, type ChannelSender } from './delivery/channel-sender.js';
import { DeliveriesRepository } from './delivery/deliveries.repository.js';
import { DeliveryRunner } from './delivery/delivery-runner.js';
import { DeliverySweep } from './delivery/delivery-sweep.service.js';
import { EmailSender } from './delivery/email-sender.js';
import { PushSender } from './delivery/push-sender.js';
import { SmsSender } from './delivery/sms-sender.js';
import { NotifierModule } from './planning/notifier.module.js';
import { FcmClient } from './providers/fcm.client.js';
import { readServiceAccount } from './providers/google-access-token.js';
import { TwilioClient } from './providers/twilio.client.js';
import { TemplatesRepository } from './templates/templates.repository.js';
import { PushTokensRepository } from './tokens/push-tokens.repository.js';
import { NotificationRetentionJob } from './upkeep/notification-retention.job.js';
import { NotificationUpkeepRepository } from './upkeep/notification-upkeep.repository.js';
import { UnservedChannelsJob } from './upkeep/unserved-channels.job.js';

/** Those this deployment has a provider for; what goes another way waits until it has, or ends as expired. */
function sendersFor(config: ApiConfig, mailer: Mailer, tokens: PushTokensRepository): ChannelSender[] {
  const { twilio, fcm, publicUrl } = config;
  const account = fcm && readServiceAccount(fcm.serviceAccountFile, 'FCM_SERVICE_ACCOUNT_FILE');
  return [
    new EmailSender(mailer, publicUrl),
    ...(twilio ? [new SmsSender(new TwilioClient(twilio), publicUrl)] : []),
    ...(fcm && account ? [new PushSender(new FcmClient({ url: fcm.url, account }), tokens)] : []),
  ];
}

/** For the worker: it plans broadcasts and sends what is due. */
@Module({
  imports: [MailModule, NotifierModule],
  providers: [
    BroadcastPages,
    BroadcastsRepository,
    DeliveriesRepository,
    DeliveryRunner,
    DeliverySweep,
    PushTokensRepository,
    TemplatesRepository,
    NotificationUpkeepRepository,
    NotificationRetentionJob,
    UnservedChannelsJob,
    { provide: channelSenders, inject: [ApiConfig, Mailer, PushTokensRepository], useFactory: sendersFor },
  ],
  exports: [BroadcastPages, NotificationRetentionJob, UnservedChannelsJob],
})
export class NotificationDeliveryModule {}
