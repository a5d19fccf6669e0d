import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { NotificationPreferencesDto, SetNotificationPreferencesDto } from './preferences.dto.js';
import { PreferencesRepository, type PreferenceRow } from './preferences.repository.js';

/** How somebody wants to be told. */
@Injectable()
export class PreferencesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly preferences: PreferencesRepository,
  ) {}

  async get({ hospital, userId }: HospitalActor): Promise<NotificationPreferencesDto> {
    const row = await this.database.readInHospital(hospital, (tx) => this.preferences.find(tx, userId));
    return row ? toDto(row) : unchosen;
  }

  /** What is not named is as the hospital has it. @throws `request.invalid` */
  set(actor: HospitalActor, command: SetNotificationPreferencesDto): Promise<NotificationPreferencesDto> {
    const { channels, language = null, quietFrom = null, quietUntil = null, timezone = null, phone = null } = command;
    if ((quietFrom === null) !== (quietUntil === null)) {
      const field = quietFrom === null ? 'quietFrom' : 'quietUntil';
      const message = 'quietFrom and quietUntil are set together';
      throw commonError('request.invalid', { errors: [{ field, code: 'quiet-hours', message }] });
    }
    const values = { channels, language, quietFrom, quietUntil, timezone, phone };
    return this.unitOfWork.inHospital(actor, async (tx) => toDto(await this.preferences.set(tx, actor.userId, values)));
  }
}

const unchosen: NotificationPreferencesDto = {
  channels: null,
  language: null,
  quietFrom: null,
  quietUntil: null,
  timezone: null,
  phone: null,
};

const toDto = ({ channels, language, ...row }: PreferenceRow): NotificationPreferencesDto => ({
  ...row,
  // Constraints of the table, and of what may be set.
  channels: channels as NotificationPreferencesDto['channels'],
  language: language as NotificationPreferencesDto['language'],
});
