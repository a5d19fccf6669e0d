import { Module } from '@nestjs/common';
import { NotificationAgenda } from './notification-agenda.repository.js';
import { Notifier } from './notifier.service.js';
import { PlanningRepository } from './planning.repository.js';

/** For features that tell people something. */
@Module({ providers: [NotificationAgenda, Notifier, PlanningRepository], exports: [NotificationAgenda, Notifier] })
export class NotifierModule {}
