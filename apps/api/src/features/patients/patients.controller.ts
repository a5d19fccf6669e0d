import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { answerPage } from '../../platform/http/counted-page.js';
import { IfMatch } from '../../platform/http/etag.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { Limited } from '../../platform/limits/limited.decorator.js';
import { HistoryPageDto } from './patient-history.dto.js';
import { PatientHistoryService } from './patient-history.service.js';
import { PatientListService } from './patient-list.service.js';
import {
  CreatePatientDto,
  DeletePatientDto,
  ListPatientsQueryDto,
  PatientDto,
  PatientPageDto,
  PlacePatientDto,
  UpdatePatientDto,
} from './patients.dto.js';
import { PatientsService } from './patients.service.js';

@ApiTags('Patients')
@Controller('api/v1')
export class PatientsController {
  constructor(
    private readonly patients: PatientsService,
    private readonly lists: PatientListService,
    private readonly histories: PatientHistoryService,
  ) {}

  /**
   * Registers a patient under the next record number.
   * @remarks Somebody of the same name and birth date makes it a 409 `patient.possible-duplicate` with `candidates`,
   * until it is repeated with `confirmDuplicate`.
   * @throws {409} `patient.possible-duplicate`, `patient.identifier-taken`
   * @throws {422} `request.invalid`
   */
  @Post('patients')
  @Access('patient:write')
  @Audited({ action: 'create', entity: 'patient', shownByRefusal: 'candidates' })
  @Idempotent()
  @Returns(201, PatientDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Body() command: CreatePatientDto): Promise<PatientDto> {
    return this.patients.create(actor, command);
  }

  /**
   * Finds patients.
   * @remarks Several filters must all fit. A search by name answers the most alike first, every other list goes by
   * family name, given name and id.
   * @throws {422} `request.invalid`
   */
  @Get('patients')
  @Limited('search')
  @Access('patient:read')
  @Audited({ action: 'read', entity: 'patient' })
  @Returns(200, PatientPageDto)
  async list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: ListPatientsQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PatientPageDto> {
    return answerPage(reply, await this.lists.list(actor, query));
  }

  /**
   * One patient.
   * @remarks A deleted one is answered only to those who may restore it. Clinical fields are left out for those who may
   * not read allergies.
   * @throws {404} `patient.not-found`
   */
  @Get('patients/:id')
  @Access('patient:read')
  @Audited({ action: 'read', entity: 'patient' })
  @Returns(200, PatientDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<PatientDto> {
    return this.patients.get(actor, id);
  }

  /**
   * Changes what the body names.
   * @remarks Absent means unchanged, null means cleared.
   * @throws {404} `patient.not-found`
   * @throws {409} `patient.identifier-taken`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Patch('patients/:id')
  @Access('patient:write')
  @Audited({ action: 'update', entity: 'patient' })
  @Returns(200, PatientDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: UpdatePatientDto,
  ): Promise<PatientDto> {
    return this.patients.update(actor, id, version, command);
  }

  /**
   * Says where the patient lies now.
   * @remarks Somebody limited to wards places patients from and to these only.
   * @throws {403} `patient.on-other-ward`
   * @throws {404} `patient.not-found`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Put('patients/:id/ward')
  @Access('patient:place')
  @Audited({ action: 'update', entity: 'patient' })
  @Returns(200, PatientDto)
  place(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: PlacePatientDto,
  ): Promise<PatientDto> {
    return this.patients.place(actor, id, version, command);
  }

  /**
   * Deletes a patient's record: it is hidden, kept, and can be restored. What the patient was to come to is cancelled, and
   * stays so.
   * @throws {404} `patient.not-found`
   * @throws {409} `patient.admitted`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Delete('patients/:id')
  @Access('patient:delete')
  @Audited({ action: 'delete', entity: 'patient' })
  @Returns(200, PatientDto)
  delete(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: DeletePatientDto,
  ): Promise<PatientDto> {
    return this.patients.delete(actor, id, version, command);
  }

  /**
   * Takes a deletion back.
   * @throws {404} `patient.not-found`
   * @throws {409} `patient.not-deleted`, `patient.identifier-taken`
   * @throws {412} `precondition.failed`
   * @throws {428} `precondition.required`
   */
  @Post('patients/:id/restore')
  @Access('patient:delete')
  @Audited({ action: 'update', entity: 'patient' })
  @Returns(200, PatientDto)
  restore(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
  ): Promise<PatientDto> {
    return this.patients.restore(actor, id, version);
  }

  /**
   * Who changed what of a patient and when, the newest first.
   * @remarks Without what the caller may not see of the record.
   * @throws {404} `patient.not-found`
   */
  @Get('patients/:id/history')
  @Access('patient:history')
  @Audited({ action: 'read', entity: 'patient-history' })
  @Returns(200, HistoryPageDto)
  history(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: PageQueryDto,
  ): Promise<HistoryPageDto> {
    return this.histories.list(actor, id, query);
  }

  /**
   * The caller's own record.
   * @throws {404} `patient.not-found`
   */
  @Get('me/patient')
  @Access('patient:own')
  @Audited({ action: 'read', entity: 'patient' })
  @Returns(200, PatientDto)
  own(@CurrentHospitalActor() actor: HospitalActor): Promise<PatientDto> {
    return this.patients.own(actor);
  }
}
