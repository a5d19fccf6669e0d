import { Body, Controller, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import {
  AcceptAdmissionDto,
  AdmissionDto,
  AdmissionPageDto,
  AdmissionsQueryDto,
  AdmitPatientDto,
  ChangeAdmissionDto,
  MoveToBedDto,
  RequestAdmissionDto,
  RequestTransferDto,
  WithReasonDto,
} from './admissions.dto.js';
import { AdmissionsService } from './admissions.service.js';
import { StaysService } from './stays.service.js';

@ApiTags('Admissions')
@Controller('api/v1/admissions')
export class AdmissionsController {
  constructor(
    private readonly admissions: AdmissionsService,
    private readonly stays: StaysService,
  ) {}

  /** Admissions, newest first. */
  @Get()
  @Access('admission:read')
  @Audited({ action: 'read', entity: 'admission' })
  @Returns(200, AdmissionPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: AdmissionsQueryDto): Promise<AdmissionPageDto> {
    return this.admissions.list(actor, query);
  }

  /**
   * Asks a ward to take a patient.
   * @throws {404} `patient.not-found`, `user.not-found`
   * @throws {409} `admission.patient-has-one`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('admission:manage')
  @Audited({ action: 'create', entity: 'admission' })
  @Idempotent()
  @Returns(201, AdmissionDto)
  request(@CurrentHospitalActor() actor: HospitalActor, @Body() command: RequestAdmissionDto): Promise<AdmissionDto> {
    return this.admissions.request(actor, command);
  }

  /**
   * One admission.
   * @throws {404} `admission.not-found`
   */
  @Get(':id')
  @Access('admission:read')
  @Audited({ action: 'read', entity: 'admission' })
  @Returns(200, AdmissionDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<AdmissionDto> {
    return this.admissions.get(actor, id);
  }

  /**
   * Changes who answers for the patient and when the discharge is expected; needs `If-Match`.
   * @throws {403} `patient.on-other-ward`
   * @throws {404} `admission.not-found`, `user.not-found`
   * @throws {412} `precondition.failed`
   */
  @Patch(':id')
  @Access('admission:manage')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  change(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: ChangeAdmissionDto,
  ): Promise<AdmissionDto> {
    return this.admissions.change(actor, { id, version }, command);
  }

  /**
   * The ward will take the patient; a bed may be kept.
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`, `bed.not-free`
   * @throws {422} `request.invalid`
   */
  @Post(':id/accept')
  @Access('admission:manage')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  accept(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: AcceptAdmissionDto,
  ): Promise<AdmissionDto> {
    return this.stays.accept(actor, id, command);
  }

  /**
   * The patient has come and lies in a bed.
   * @remarks A refusal for the bed lists `freeBeds` of the same ward.
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`, `admission.encounter-open`, `admission.encounter-over`, `bed.not-free`
   * @throws {422} `request.invalid`
   */
  @Post(':id/admit')
  @Access('bed:assign')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  admit(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: AdmitPatientDto,
  ): Promise<AdmissionDto> {
    return this.stays.admit(actor, id, command);
  }

  /**
   * Takes the patient to another bed; needs `If-Match`.
   * @remarks A refusal for the bed lists `freeBeds` of the same ward; the patient stays where they are.
   * @throws {403} `patient.on-other-ward`
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`, `bed.not-free`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   */
  @Put(':id/bed')
  @Access('bed:assign')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  move(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: MoveToBedDto,
  ): Promise<AdmissionDto> {
    return this.stays.move(actor, { id, version }, command);
  }

  /**
   * Asks another ward to take the patient. Putting them to bed there answers it.
   * @throws {403} `patient.on-other-ward`
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`, `transfer-request.open`
   * @throws {422} `request.invalid`
   */
  @Post(':id/transfer-request')
  @Access('admission:manage')
  @Audited({ action: 'update', entity: 'admission' })
  @Idempotent()
  @Returns(201, AdmissionDto)
  requestTransfer(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: RequestTransferDto,
  ): Promise<AdmissionDto> {
    return this.stays.requestTransfer(actor, id, command);
  }

  /**
   * The other ward is asked no longer, or will not take the patient.
   * @throws {404} `admission.not-found`, `transfer-request.not-found`
   */
  @Post(':id/transfer-request/cancel')
  @Access('admission:manage')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  cancelTransfer(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() { reason }: WithReasonDto,
  ): Promise<AdmissionDto> {
    return this.stays.cancelTransfer(actor, id, reason);
  }

  /**
   * The patient will not come after all. A bed that was kept is free again.
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`
   */
  @Post(':id/cancel')
  @Access('admission:manage')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  cancel(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() { reason }: WithReasonDto,
  ): Promise<AdmissionDto> {
    return this.admissions.cancel(actor, id, reason);
  }
}
