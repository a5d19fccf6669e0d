import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { CreateExceptionDto, ExceptionDto, ExceptionPageDto, ExceptionsQueryDto } from './exceptions.dto.js';
import { CreateRuleDto, RuleDto, RulePageDto, UpdateRuleDto } from './rules.dto.js';
import { RulesService } from './rules.service.js';

@ApiTags('Scheduling')
@Controller('api/v1/resources/:id')
export class RulesController {
  constructor(private readonly rules: RulesService) {}

  /**
   * The week of a resource.
   * @throws {404} `resource.not-found`
   */
  @Get('schedule-rules')
  @Access('schedule:read')
  @Returns(200, RulePageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: PageQueryDto,
  ): Promise<RulePageDto> {
    return this.rules.list(actor, id, query);
  }

  /**
   * Adds hours to the week.
   * @throws {404} `resource.not-found`
   */
  @Post('schedule-rules')
  @Access('schedule:manage')
  @Audited({ action: 'create', entity: 'schedule-rule' })
  @Idempotent()
  @Returns(201, RuleDto)
  create(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: CreateRuleDto,
  ): Promise<RuleDto> {
    return this.rules.create(actor, id, command);
  }

  /**
   * Changes what is named; needs `If-Match`.
   * @throws {404} `schedule-rule.not-found`
   * @throws {412} `precondition.failed`
   */
  @Patch('schedule-rules/:ruleId')
  @Access('schedule:manage')
  @Audited({ action: 'update', entity: 'schedule-rule' })
  @Returns(200, RuleDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) resourceId: string,
    @Param('ruleId', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() change: UpdateRuleDto,
  ): Promise<RuleDto> {
    return this.rules.update(actor, { resourceId, id }, version, change);
  }

  /**
   * Takes hours out of the week. What is booked stays booked.
   * @throws {404} `schedule-rule.not-found`
   * @throws {412} `precondition.failed`
   */
  @Delete('schedule-rules/:ruleId')
  @Access('schedule:manage')
  @Audited({ action: 'delete', entity: 'schedule-rule' })
  @Returns(204)
  remove(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) resourceId: string,
    @Param('ruleId', UuidPipe) id: string,
    @IfMatch() version: number,
  ): Promise<void> {
    return this.rules.remove(actor, { resourceId, id }, version);
  }

  /**
   * Days that differ from the week.
   * @throws {404} `resource.not-found`
   */
  @Get('schedule-exceptions')
  @Access('schedule:read')
  @Returns(200, ExceptionPageDto)
  listExceptions(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: ExceptionsQueryDto,
  ): Promise<ExceptionPageDto> {
    return this.rules.listExceptions(actor, id, query);
  }

  /**
   * Closes some days or hours, adds some, or changes how many appointments fit. What is booked stays booked.
   * @throws {404} `resource.not-found`
   */
  @Post('schedule-exceptions')
  @Access('schedule:manage')
  @Audited({ action: 'create', entity: 'schedule-exception' })
  @Idempotent()
  @Returns(201, ExceptionDto)
  addException(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: CreateExceptionDto,
  ): Promise<ExceptionDto> {
    return this.rules.addException(actor, id, command);
  }

  /**
   * The week counts again.
   * @throws {404} `schedule-exception.not-found`
   * @throws {412} `precondition.failed`
   */
  @Delete('schedule-exceptions/:exceptionId')
  @Access('schedule:manage')
  @Audited({ action: 'delete', entity: 'schedule-exception' })
  @Returns(204)
  removeException(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) resourceId: string,
    @Param('exceptionId', UuidPipe) id: string,
    @IfMatch() version: number,
  ): Promise<void> {
    return this.rules.removeException(actor, { resourceId, id }, version);
  }
}
