import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { encounterError } from '../encounters.errors.js';
import { EncountersRepository } from '../encounters.repository.js';
import { EncountersService, type EncounterPath } from '../encounters.service.js';
import type { CreateDiagnosisDto, DiagnosisDto } from './diagnoses.dto.js';
import { DiagnosesRepository } from './diagnoses.repository.js';
import { toDiagnosisDto } from './diagnosis.mapper.js';
import { Icd10Repository } from './icd10.repository.js';

/** What an encounter was about. */
@Injectable()
export class DiagnosesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly encounters: EncountersService,
    private readonly rows: EncountersRepository,
    private readonly diagnoses: DiagnosesRepository,
    private readonly codes: Icd10Repository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * @throws `patient.not-found`, `encounter.not-found`, `encounter.over`, `diagnosis.duplicate`, `diagnosis.rank-taken`, or
   * `request.invalid` for a code nobody knows
   */
  async record(actor: HospitalActor, path: EncounterPath, command: CreateDiagnosisDto): Promise<DiagnosisDto> {
    const known = await this.codes.find(command.code);
    if (!known?.recordable) throw unknownCode(command.code);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.encounters.require(tx, path);
      // First, so that ranks are counted by one at a time.
      await this.#tell(tx, actor, path.id);
      const listed = await this.diagnoses.list(tx, path.id);
      const rank = command.rank ?? Math.max(0, ...listed.map((each) => each.rank)) + 1;
      const { code, presentOnAdmission = 'Y' } = command;
      const diagnosis = { id: uuidv7(), encounterId: path.id, code, display: known.display, rank, presentOnAdmission };
      return toDiagnosisDto(await this.diagnoses.insert(tx, diagnosis, actor.userId));
    });
  }

  /** @throws `patient.not-found`, `encounter.not-found`, `diagnosis.not-found` or `encounter.over` */
  remove(actor: HospitalActor, path: EncounterPath, id: string, now = new Date()): Promise<void> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.encounters.require(tx, path);
      const removed = await this.diagnoses.remove(tx, { encounterId: path.id, id }, actor.userId, now);
      if (!removed) throw encounterError('diagnosis.not-found');
      await this.#tell(tx, actor, path.id);
    });
  }

  async #tell(tx: TenantTx, actor: HospitalActor, encounterId: string): Promise<void> {
    const { id, patientId, version } = await this.rows.touch(tx, encounterId, actor.userId);
    await this.outbox.add(tx, eventBy(actor, 'encounter.changed', { id, patientId, version }));
  }
}

const unknownCode = (code: string): Error =>
  commonError('request.invalid', {
    errors: [{ field: 'code', code: 'unknown', message: `${code} is no ICD-10 code that can be recorded here` }],
  });
