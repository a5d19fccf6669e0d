import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../platform/http/etag.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { CreateDiagnosisDto, DiagnosisDto } from './diagnoses/diagnoses.dto.js';
import { DiagnosesService } from './diagnoses/diagnoses.service.js';
import {
  EncounterDetailDto,
  EncounterDto,
  EncounterPageDto,
  EncountersQueryDto,
  MoveEncounterDto,
  OpenEncounterDto,
  UpdateEncounterDto,
} from './encounters.dto.js';
import { EncountersService } from './encounters.service.js';

@ApiTags('Encounters')
@Controller('api/v1/patients/:id/encounters')
export class EncountersController {
  constructor(
    private readonly encounters: EncountersService,
    private readonly diagnoses: DiagnosesService,
  ) {}

  /**
   * What a patient came for, the latest first.
   * @throws {404} `patient.not-found`
   */
  @Get()
  @Access('encounter:read')
  @Audited({ action: 'read', entity: 'encounter' })
  @Returns(200, EncounterPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: EncountersQueryDto,
  ): Promise<EncounterPageDto> {
    return this.encounters.list(actor, id, query);
  }

  /**
   * Registers that a patient has arrived, or when they are expected.
   * @remarks Opens a visit unless `visitId` names one. Visits end with the last of their encounters.
   * @throws {404} `patient.not-found`
   * @throws {409} `encounter.appointment-used`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('encounter:register')
  @Audited({ action: 'create', entity: 'encounter' })
  @Idempotent()
  @Returns(201, EncounterDto)
  open(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: OpenEncounterDto,
  ): Promise<EncounterDto> {
    return this.encounters.open(actor, id, command);
  }

  /**
   * One encounter, with its diagnoses for those who may see problems.
   * @throws {404} `patient.not-found`, `encounter.not-found`
   */
  @Get(':encounterId')
  @Access('encounter:read')
  @Audited({ action: 'read', entity: 'encounter' })
  @Returns(200, EncounterDetailDto)
  get(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('encounterId', UuidPipe) id: string,
  ): Promise<EncounterDetailDto> {
    return this.encounters.get(actor, { patientId, id });
  }

  /**
   * Changes what is written of it while it lasts.
   * @throws {404} `patient.not-found`, `encounter.not-found`
   * @throws {409} `encounter.over`
   * @throws {412} `precondition.failed`
   * @throws {428} `precondition.required`
   */
  @Patch(':encounterId')
  @Access('encounter:conduct')
  @Audited({ action: 'update', entity: 'encounter' })
  @Returns(200, EncounterDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('encounterId', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: UpdateEncounterDto,
  ): Promise<EncounterDto> {
    return this.encounters.update(actor, { patientId, id }, version, command);
  }

  /**
   * Takes it to another state.
   * @remarks planned → arrived → triaged → in-progress ⇄ onleave → finished; cancelled from planned and arrived;
   * entered-in-error from any. Other states than arrived and cancelled take `encounter:conduct`.
   * @throws {403} `auth.forbidden`
   * @throws {404} `patient.not-found`, `encounter.not-found`
   * @throws {409} `encounter.of-admission`, `encounter.illegal-move`, `encounter.undiagnosed`, `encounter.unsigned`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Patch(':encounterId/status')
  @Access('encounter:register')
  @Audited({ action: 'update', entity: 'encounter' })
  @Returns(200, EncounterDto)
  move(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('encounterId', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: MoveEncounterDto,
  ): Promise<EncounterDto> {
    return this.encounters.move(actor, { patientId, id }, version, command);
  }

  /**
   * Records what it was about.
   * @throws {404} `patient.not-found`, `encounter.not-found`
   * @throws {409} `encounter.over`, `diagnosis.duplicate`, `diagnosis.rank-taken`
   * @throws {422} `request.invalid`
   */
  @Post(':encounterId/diagnoses')
  @Access('encounter:conduct')
  @Audited({ action: 'create', entity: 'diagnosis' })
  @Idempotent()
  @Returns(201, DiagnosisDto)
  diagnose(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('encounterId', UuidPipe) id: string,
    @Body() command: CreateDiagnosisDto,
  ): Promise<DiagnosisDto> {
    return this.diagnoses.record(actor, { patientId, id }, command);
  }

  /**
   * Takes a diagnosis back while the encounter lasts. It stays in the history.
   * @throws {404} `patient.not-found`, `encounter.not-found`, `diagnosis.not-found`
   * @throws {409} `encounter.over`
   */
  @Delete(':encounterId/diagnoses/:diagnosisId')
  @Access('encounter:conduct')
  @Audited({ action: 'delete', entity: 'diagnosis' })
  @Returns(204)
  remove(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('encounterId', UuidPipe) id: string,
    @Param('diagnosisId', UuidPipe) diagnosisId: string,
  ): Promise<void> {
    return this.diagnoses.remove(actor, { patientId, id }, diagnosisId);
  }
}
