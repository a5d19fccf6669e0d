import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { AuditPageDto, AuditPeriodQueryDto, AuditQueryDto, OwnAccessPageDto } from './audit.dto.js';
import { AuditLogService } from './audit-log.service.js';

@ApiTags('Audit')
@Controller('api/v1')
export class AuditController {
  constructor(private readonly log: AuditLogService) {}

  /**
   * Who did what to whose record in the hospital, newest first.
   * @remarks Several filters must all fit.
   * @throws {422} `request.invalid`
   */
  @Get('audit')
  @Access('audit:read')
  @Audited({ action: 'read', entity: 'audit' })
  @Returns(200, AuditPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: AuditQueryDto): Promise<AuditPageDto> {
    return this.log.list(actor, query);
  }

  /** What happened outside every hospital: failed logins, and what super admins did. */
  @Get('platform/audit')
  @Access('audit:platform', 'any')
  @Audited({ action: 'read', entity: 'audit' })
  @Returns(200, AuditPageDto)
  listOfPlatform(@Query() query: AuditQueryDto): Promise<AuditPageDto> {
    return this.log.listOfPlatform(query);
  }

  /**
   * Who came near a patient's record, newest first; attempts that were denied too.
   * @throws {404} `patient.not-found`
   */
  @Get('patients/:id/access-log')
  @Access('audit:read')
  @Audited({ action: 'read', entity: 'audit' })
  @Returns(200, AuditPageDto)
  listOfPatient(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: AuditPeriodQueryDto,
  ): Promise<AuditPageDto> {
    return this.log.listOfPatient(actor, id, query);
  }

  /**
   * Who saw or changed the caller's own record, newest first.
   * @throws {404} `patient.not-found`
   */
  @Get('me/patient/access-log')
  @Access('patient:own')
  @Audited({ action: 'read', entity: 'audit' })
  @Returns(200, OwnAccessPageDto)
  listOwn(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: AuditPeriodQueryDto,
  ): Promise<OwnAccessPageDto> {
    return this.log.listOwn(actor, query);
  }
}
