import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { presentFields } from '../../../platform/http/patch.js';
import type { EncounterSettingsDto, UpdateEncounterSettingsDto } from './encounter-settings.dto.js';
import { EncounterSettingsRepository } from './encounter-settings.repository.js';

@Injectable()
export class EncounterSettingsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: EncounterSettingsRepository,
  ) {}

  get(actor: HospitalActor): Promise<EncounterSettingsDto> {
    return this.database.readInHospital(actor.hospital, (tx) => this.settings.get(tx));
  }

  /** @throws `precondition.failed` */
  update(actor: HospitalActor, version: number, change: UpdateEncounterSettingsDto): Promise<EncounterSettingsDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const settings = await this.settings.update(tx, version, presentFields({ ...change }));
      if (!settings) throw commonError('precondition.failed');
      return settings;
    });
  }
}
