import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { presentFields } from '../../../platform/http/patch.js';
import type { SchedulingSettingsDto, UpdateSchedulingSettingsDto } from './settings.dto.js';
import { SettingsRepository } from './settings.repository.js';

@Injectable()
export class SettingsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: SettingsRepository,
  ) {}

  get(actor: HospitalActor): Promise<SchedulingSettingsDto> {
    return this.database.readInHospital(actor.hospital, (tx) => this.settings.get(tx));
  }

  /** How long after its start an appointment may be called missed. */
  async noShowGraceMs(tx: TenantTx): Promise<number> {
    return (await this.settings.get(tx)).noShowGraceMinutes * 60_000;
  }

  /** @throws `precondition.failed` or `scheduling-settings.patients-overlap` */
  update(actor: HospitalActor, version: number, change: UpdateSchedulingSettingsDto): Promise<SchedulingSettingsDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const settings = await this.settings.update(tx, version, presentFields({ ...change }));
      if (!settings) throw commonError('precondition.failed');
      // After the setting is locked: who books meanwhile waits, and then goes by the new one.
      if (change.patientOverlap !== undefined) await this.settings.setExclusive(tx, !change.patientOverlap);
      return settings;
    });
  }
}
