import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { VitalCode } from '@hms/contracts';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { limitedCodes } from './limit.values.js';
import { LimitDto, LimitListDto, SetLimitDto } from './limits.dto.js';
import { LimitsService, ofPatient } from './limits.service.js';
import { VitalPipe } from './vital.pipe.js';

@ApiTags('Alarm settings')
@Controller('api/v1/patients/:id/alarm-limits')
export class PatientLimitsController {
  constructor(private readonly limits: LimitsService) {}

  /**
   * The limits that count for the patient now; `level` says where each comes from.
   * @throws {404} `patient.not-found`
   */
  @Get()
  @Access('alarm:read')
  @Audited({ action: 'read', entity: 'alarm-limit' })
  @Returns(200, LimitListDto)
  effective(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<LimitListDto> {
    return this.limits.effective(actor, id);
  }

  /**
   * Sets the patient's own limits of a vital sign; `If-Match: "0"` where there are none.
   * @throws {404} `patient.not-found`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   */
  @Put(':vital')
  @Access('monitoring:manage')
  @Audited({ action: 'update', entity: 'alarm-limit' })
  @ApiParam({ name: 'vital', enum: limitedCodes })
  @Returns(200, LimitDto)
  set(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Param('vital', VitalPipe) vital: VitalCode,
    @IfMatch() version: number,
    @Body() command: SetLimitDto,
  ): Promise<LimitDto> {
    return this.limits.set(actor, { ...ofPatient(id), vital }, version, command);
  }

  /**
   * The limits of the ward or the hospital count again.
   * @throws {404} `patient.not-found`, `alarm-limit.not-found`
   * @throws {412} `precondition.failed`
   */
  @Delete(':vital')
  @Access('monitoring:manage')
  @Audited({ action: 'delete', entity: 'alarm-limit' })
  @ApiParam({ name: 'vital', enum: limitedCodes })
  @Returns(204)
  remove(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Param('vital', VitalPipe) vital: VitalCode,
    @IfMatch() version: number,
  ): Promise<void> {
    return this.limits.remove(actor, { ...ofPatient(id), vital }, version);
  }
}
