import { Module } from '@nestjs/common';
import { BroadcastsController } from './broadcasts/broadcasts.controller.js';
import { BroadcastsRepository } from './broadcasts/broadcasts.repository.js';
import { BroadcastsService } from './broadcasts/broadcasts.service.js';
import { InboxController } from './inbox/inbox.controller.js';
import { InboxRepository } from './inbox/inbox.repository.js';
import { InboxService } from './inbox/inbox.service.js';
import { DeliveryLogController } from './log/delivery-log.controller.js';
import { DeliveryLogRepository } from './log/delivery-log.repository.js';
import { DeliveryLogService } from './log/delivery-log.service.js';
import { MessagesController } from './messages/messages.controller.js';
import { MessagesService } from './messages/messages.service.js';
import { NotifierModule } from './planning/notifier.module.js';
import { PreferencesController } from './preferences/preferences.controller.js';
import { PreferencesRepository } from './preferences/preferences.repository.js';
import { PreferencesService } from './preferences/preferences.service.js';
import { SettingsController } from './settings/settings.controller.js';
import { SettingsRepository } from './settings/settings.repository.js';
import { SettingsService } from './settings/settings.service.js';
import { TemplatesController } from './templates/templates.controller.js';
import { TemplatesRepository } from './templates/templates.repository.js';
import { TemplatesService } from './templates/templates.service.js';
import { PushTokensController } from './tokens/push-tokens.controller.js';
import { PushTokensRepository } from './tokens/push-tokens.repository.js';
import { PushTokensService } from './tokens/push-tokens.service.js';

@Module({
  imports: [NotifierModule],
  controllers: [
    PushTokensController,
    MessagesController,
    InboxController,
    PreferencesController,
    BroadcastsController,
    DeliveryLogController,
    SettingsController,
    TemplatesController,
  ],
  providers: [
    BroadcastsRepository,
    BroadcastsService,
    DeliveryLogRepository,
    DeliveryLogService,
    InboxRepository,
    InboxService,
    MessagesService,
    PreferencesRepository,
    PreferencesService,
    PushTokensRepository,
    PushTokensService,
    SettingsRepository,
    SettingsService,
    TemplatesRepository,
    TemplatesService,
  ],
})
export class NotificationsModule {}
