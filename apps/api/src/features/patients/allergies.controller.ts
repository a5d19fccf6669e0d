import { Body, Controller, Get, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../platform/http/etag.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import {
  AllergyDto,
  AllergyListDto,
  AllergyStatusChangeDto,
  AllergyStatusDto,
  CreateAllergyDto,
  UpdateAllergyDto,
} from './allergies.dto.js';
import { AllergiesService } from './allergies.service.js';

@ApiTags('Allergies')
@Controller('api/v1/patients/:id')
export class AllergiesController {
  constructor(private readonly allergies: AllergiesService) {}

  /**
   * All allergy entries of a patient, and what it means when there are none.
   * @remarks Refuted and erroneous entries are among them: look at `verificationStatus` and `clinicalStatus`.
   * @throws {404} `patient.not-found`
   */
  @Get('allergies')
  @Access('allergy:read')
  @Audited({ action: 'read', entity: 'allergy' })
  @Returns(200, AllergyListDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<AllergyListDto> {
    return this.allergies.list(actor, id);
  }

  /**
   * Records an allergy; the patient's allergy status becomes `recorded`.
   * @throws {404} `patient.not-found`
   * @throws {409} `allergy.duplicate`
   * @throws {422} `request.invalid`
   */
  @Post('allergies')
  @Access('allergy:write')
  @Audited({ action: 'create', entity: 'allergy' })
  @Idempotent()
  @Returns(201, AllergyDto)
  record(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: CreateAllergyDto,
  ): Promise<AllergyDto> {
    return this.allergies.record(actor, id, command);
  }

  /**
   * Changes an entry, refutes it or marks it as an error.
   * @remarks Entries are never removed. `refuted` and `entered-in-error` need a `statusReason`.
   * @throws {404} `patient.not-found`, `allergy.not-found`
   * @throws {409} `allergy.entered-in-error`, `allergy.duplicate`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Patch('allergies/:allergyId')
  @Access('allergy:write')
  @Audited({ action: 'update', entity: 'allergy' })
  @Returns(200, AllergyDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('allergyId', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: UpdateAllergyDto,
  ): Promise<AllergyDto> {
    return this.allergies.update(actor, { patientId, id }, version, command);
  }

  /**
   * Says that no allergy is known, or that nobody asked yet.
   * @throws {404} `patient.not-found`
   * @throws {409} `allergy.active-allergies`
   * @throws {422} `request.invalid`
   */
  @Put('allergy-status')
  @Access('allergy:write')
  @Audited({ action: 'update', entity: 'allergy-status' })
  @Returns(200, AllergyStatusDto)
  setStatus(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: AllergyStatusChangeDto,
  ): Promise<AllergyStatusDto> {
    return this.allergies.setStatus(actor, id, command);
  }
}
