import { Module } from '@nestjs/common';
import { MailModule } from '../../platform/mail/mail.module.js';
import { AgendaRepository } from './delivery/agenda.repository.js';
import { AlarmMailRepository } from './delivery/alarm-mail.repository.js';
import { AlarmMails } from './delivery/alarm-mails.service.js';
import { AlarmSweepRunner } from './delivery/alarm-sweep.runner.js';
import { AlarmSweep } from './delivery/alarm-sweep.service.js';
import { AlarmTeller } from './delivery/alarm-teller.consumer.js';
import { AlarmTelling } from './delivery/alarm-telling.service.js';
import { TellingRepository } from './delivery/telling.repository.js';
import { AlarmsRepository } from './episodes/alarms.repository.js';
import { EscalationRepository } from './escalation/escalation.repository.js';

/** For the worker: it tells people of alarms. */
@Module({
  imports: [MailModule],
  providers: [
    AgendaRepository,
    AlarmMailRepository,
    AlarmMails,
    AlarmsRepository,
    AlarmSweep,
    AlarmSweepRunner,
    AlarmTeller,
    AlarmTelling,
    EscalationRepository,
    TellingRepository,
  ],
  exports: [AlarmTeller],
})
export class AlarmDeliveryModule {}
