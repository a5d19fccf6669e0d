import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { alarmPriorities, type AlarmPriority } from '@hms/contracts';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { EscalationDto, EscalationListDto, SetEscalationDto } from './escalation.dto.js';
import { EscalationService } from './escalation.service.js';
import { PriorityPipe } from './priority.pipe.js';

@ApiTags('Alarm settings')
@Controller('api/v1')
export class EscalationController {
  constructor(private readonly escalation: EscalationService) {}

  /** Who is told of alarms on wards that have no policy of their own. */
  @Get('alarm-escalation')
  @Access('alarm-settings:read')
  @Audited({ action: 'read', entity: 'alarm-escalation' })
  @Returns(200, EscalationListDto)
  list(@CurrentHospitalActor() actor: HospitalActor): Promise<EscalationListDto> {
    return this.escalation.list(actor, null);
  }

  /**
   * Replaces the hospital's policy for one priority.
   * @throws {422} `request.invalid`
   */
  @Put('alarm-escalation/:priority')
  @Access('alarm-settings:manage')
  @Audited({ action: 'update', entity: 'alarm-escalation' })
  @ApiParam({ name: 'priority', enum: alarmPriorities })
  @Returns(200, EscalationDto)
  set(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('priority', PriorityPipe) priority: AlarmPriority,
    @Body() command: SetEscalationDto,
  ): Promise<EscalationDto> {
    return this.escalation.set(actor, { wardId: null, priority }, command);
  }

  /**
   * Who is told of alarms on the ward; `wardId` says where the policy comes from.
   * @throws {404} `ward.not-found`
   */
  @Get('wards/:id/alarm-escalation')
  @Access('alarm-settings:read')
  @Audited({ action: 'read', entity: 'alarm-escalation' })
  @Returns(200, EscalationListDto)
  listOfWard(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<EscalationListDto> {
    return this.escalation.list(actor, id);
  }

  /**
   * Replaces the ward's policy for one priority.
   * @throws {404} `ward.not-found`
   * @throws {422} `request.invalid`
   */
  @Put('wards/:id/alarm-escalation/:priority')
  @Access('alarm-settings:manage')
  @Audited({ action: 'update', entity: 'alarm-escalation' })
  @ApiParam({ name: 'priority', enum: alarmPriorities })
  @Returns(200, EscalationDto)
  setOfWard(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) wardId: string,
    @Param('priority', PriorityPipe) priority: AlarmPriority,
    @Body() command: SetEscalationDto,
  ): Promise<EscalationDto> {
    return this.escalation.set(actor, { wardId, priority }, command);
  }

  /**
   * The hospital's policy counts there again.
   * @throws {404} `ward.not-found`
   */
  @Delete('wards/:id/alarm-escalation/:priority')
  @Access('alarm-settings:manage')
  @Audited({ action: 'delete', entity: 'alarm-escalation' })
  @ApiParam({ name: 'priority', enum: alarmPriorities })
  @Returns(204)
  removeOfWard(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) wardId: string,
    @Param('priority', PriorityPipe) priority: AlarmPriority,
  ): Promise<void> {
    return this.escalation.remove(actor, wardId, priority);
  }
}
