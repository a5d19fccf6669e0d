import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../platform/http/etag.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import {
  ConditionDto,
  ConditionPageDto,
  ConditionsQueryDto,
  CreateConditionDto,
  UpdateConditionDto,
} from './conditions.dto.js';
import { ConditionsService } from './conditions.service.js';

@ApiTags('Conditions')
@Controller('api/v1/patients/:id/conditions')
export class ConditionsController {
  constructor(private readonly conditions: ConditionsService) {}

  /**
   * The problem list, in the order in which it was recorded.
   * @remarks Refuted and erroneous entries are among them: look at `verificationStatus` and `clinicalStatus`.
   * @throws {404} `patient.not-found`
   */
  @Get()
  @Access('condition:read')
  @Audited({ action: 'read', entity: 'condition' })
  @Returns(200, ConditionPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: ConditionsQueryDto,
  ): Promise<ConditionPageDto> {
    return this.conditions.list(actor, id, query);
  }

  /**
   * Records a problem.
   * @throws {404} `patient.not-found`
   * @throws {409} `condition.duplicate`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('condition:write')
  @Audited({ action: 'create', entity: 'condition' })
  @Idempotent()
  @Returns(201, ConditionDto)
  record(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: CreateConditionDto,
  ): Promise<ConditionDto> {
    return this.conditions.record(actor, id, command);
  }

  /**
   * One entry.
   * @throws {404} `patient.not-found`, `condition.not-found`
   */
  @Get(':conditionId')
  @Access('condition:read')
  @Audited({ action: 'read', entity: 'condition' })
  @Returns(200, ConditionDto)
  get(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('conditionId', UuidPipe) id: string,
  ): Promise<ConditionDto> {
    return this.conditions.get(actor, { patientId, id });
  }

  /**
   * Changes an entry, resolves it or marks it as an error.
   * @remarks Entries are never removed. `entered-in-error` needs a `statusReason`.
   * @throws {404} `patient.not-found`, `condition.not-found`
   * @throws {409} `condition.entered-in-error`, `condition.duplicate`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Patch(':conditionId')
  @Access('condition:write')
  @Audited({ action: 'update', entity: 'condition' })
  @Returns(200, ConditionDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('conditionId', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: UpdateConditionDto,
  ): Promise<ConditionDto> {
    return this.conditions.update(actor, { patientId, id }, version, command);
  }
}
