import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { SetNotificationSettingsDto, NotificationSettingsDto } from './settings.dto.js';
import { SettingsRepository, type SettingsRow } from './settings.repository.js';

/** What a hospital lets out, and how. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: SettingsRepository,
  ) {}

  get({ hospital }: HospitalActor): Promise<NotificationSettingsDto> {
    return this.database.readInHospital(hospital, async (tx) => toDto(await this.settings.get(tx)));
  }

  /** @throws `precondition.failed` when somebody changed them since */
  set(actor: HospitalActor, version: number, command: SetNotificationSettingsDto): Promise<NotificationSettingsDto> {
    const { channels, language, quietFrom, quietUntil, perMinute, retentionDays } = command;
    const kept = retentionDays === undefined ? {} : { retentionDays };
    const values = { channels, language, quietFrom, quietUntil, perMinute, ...kept };
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const row = await this.settings.set(tx, version, values, actor.userId);
      if (!row) throw commonError('precondition.failed');
      return toDto(row);
    });
  }
}

/** Constraints of the table, and of what may be set. */
const toDto = ({ channels, language, ...row }: SettingsRow): NotificationSettingsDto => ({
  ...row,
  channels: channels as NotificationSettingsDto['channels'],
  language: language as NotificationSettingsDto['language'],
});
