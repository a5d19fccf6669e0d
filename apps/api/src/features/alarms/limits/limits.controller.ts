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
import { LimitsService, ofHospital, ofWard } from './limits.service.js';
import { VitalPipe } from './vital.pipe.js';

@ApiTags('Alarm settings')
@Controller('api/v1')
export class LimitsController {
  constructor(private readonly limits: LimitsService) {}

  /** What counts where neither the ward nor the patient has limits of its own. */
  @Get('alarm-limits')
  @Access('alarm-settings:read')
  @Audited({ action: 'read', entity: 'alarm-limit' })
  @Returns(200, LimitListDto)
  list(@CurrentHospitalActor() actor: HospitalActor): Promise<LimitListDto> {
    return this.limits.list(actor, ofHospital);
  }

  /**
   * Sets the hospital's limits of a vital sign; `If-Match: "0"` where there are none.
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Put('alarm-limits/:vital')
  @Access('alarm-settings:manage')
  @Audited({ action: 'update', entity: 'alarm-limit' })
  @ApiParam({ name: 'vital', enum: limitedCodes })
  @Returns(200, LimitDto)
  set(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('vital', VitalPipe) vital: VitalCode,
    @IfMatch() version: number,
    @Body() command: SetLimitDto,
  ): Promise<LimitDto> {
    return this.limits.set(actor, { ...ofHospital, vital }, version, command);
  }

  /**
   * The sign raises no alarm any more, where no ward or patient has limits of its own.
   * @throws {404} `alarm-limit.not-found`
   * @throws {412} `precondition.failed`
   */
  @Delete('alarm-limits/:vital')
  @Access('alarm-settings:manage')
  @Audited({ action: 'delete', entity: 'alarm-limit' })
  @ApiParam({ name: 'vital', enum: limitedCodes })
  @Returns(204)
  remove(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('vital', VitalPipe) vital: VitalCode,
    @IfMatch() version: number,
  ): Promise<void> {
    return this.limits.remove(actor, { ...ofHospital, vital }, version);
  }

  /**
   * The limits of a ward, without those of the hospital.
   * @throws {404} `ward.not-found`
   */
  @Get('wards/:id/alarm-limits')
  @Access('alarm-settings:read')
  @Audited({ action: 'read', entity: 'alarm-limit' })
  @Returns(200, LimitListDto)
  listOfWard(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<LimitListDto> {
    return this.limits.list(actor, ofWard(id));
  }

  /**
   * Sets a ward's limits of a vital sign; `If-Match: "0"` where there are none.
   * @throws {404} `ward.not-found`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   */
  @Put('wards/:id/alarm-limits/:vital')
  @Access('alarm-settings:manage')
  @Audited({ action: 'update', entity: 'alarm-limit' })
  @ApiParam({ name: 'vital', enum: limitedCodes })
  @Returns(200, LimitDto)
  setOfWard(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Param('vital', VitalPipe) vital: VitalCode,
    @IfMatch() version: number,
    @Body() command: SetLimitDto,
  ): Promise<LimitDto> {
    return this.limits.set(actor, { ...ofWard(id), vital }, version, command);
  }

  /**
   * The hospital's limits count there again.
   * @throws {404} `ward.not-found`, `alarm-limit.not-found`
   * @throws {412} `precondition.failed`
   */
  @Delete('wards/:id/alarm-limits/:vital')
  @Access('alarm-settings:manage')
  @Audited({ action: 'delete', entity: 'alarm-limit' })
  @ApiParam({ name: 'vital', enum: limitedCodes })
  @Returns(204)
  removeOfWard(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Param('vital', VitalPipe) vital: VitalCode,
    @IfMatch() version: number,
  ): Promise<void> {
    return this.limits.remove(actor, { ...ofWard(id), vital }, version);
  }
}
