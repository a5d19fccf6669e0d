import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { Actor } from '../../platform/access/actor.js';
import { CurrentActor } from '../../platform/access/current-actor.decorator.js';
import { valuesAt } from '../../platform/audit/audit-subjects.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { answerPage } from '../../platform/http/counted-page.js';
import { IfMatch } from '../../platform/http/etag.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { InvitationDto, PersonDto } from '../users/users.dto.js';
import { HospitalDto, HospitalPageDto, ListHospitalsQueryDto, UpdateHospitalDto } from './hospitals.dto.js';
import { HospitalsService } from './hospitals.service.js';

@ApiTags('Hospitals')
@Controller('api/v1/hospitals')
export class HospitalsController {
  constructor(private readonly hospitals: HospitalsService) {}

  /**
   * Hospitals by name and id.
   * @remarks New ones are made with `hms hospital create`: that takes rights on the database which the API must not
   * have.
   */
  @Get()
  @Access('hospital:manage', 'any')
  @Audited({ action: 'read', entity: 'hospital' })
  @Returns(200, HospitalPageDto)
  async list(
    @Query() query: ListHospitalsQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HospitalPageDto> {
    return answerPage(reply, await this.hospitals.list(query));
  }

  /**
   * One hospital.
   * @throws {404} `hospital.not-found`
   */
  @Get(':id')
  @Access('hospital:manage', 'any')
  @Audited({ action: 'read', entity: 'hospital' })
  @Returns(200, HospitalDto)
  get(@Param('id', UuidPipe) id: string): Promise<HospitalDto> {
    return this.hospitals.get(id);
  }

  /**
   * Changes name or time zone.
   * @remarks Times already stored are instants and stay what they are.
   * @throws {404} `hospital.not-found`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Patch(':id')
  @Access('hospital:manage', 'any')
  @Audited({ action: 'update', entity: 'hospital' })
  @Returns(200, HospitalDto)
  update(
    @CurrentActor() actor: Actor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: UpdateHospitalDto,
  ): Promise<HospitalDto> {
    return this.hospitals.update(actor, id, version, command);
  }

  /**
   * Lets nobody into a hospital any more.
   * @remarks Sessions and telemetry are refused within 5 seconds. Data and keys stay.
   * @throws {404} `hospital.not-found`
   * @throws {409} `hospital.illegal-status`
   */
  @Post(':id/suspend')
  @Access('hospital:manage', 'any')
  @Audited({ action: 'update', entity: 'hospital' })
  @Returns(200, HospitalDto)
  suspend(@CurrentActor() actor: Actor, @Param('id', UuidPipe) id: string): Promise<HospitalDto> {
    return this.hospitals.suspend(actor, id);
  }

  /**
   * Opens a suspended hospital again.
   * @throws {404} `hospital.not-found`
   * @throws {409} `hospital.illegal-status`
   */
  @Post(':id/resume')
  @Access('hospital:manage', 'any')
  @Audited({ action: 'update', entity: 'hospital' })
  @Returns(200, HospitalDto)
  resume(@CurrentActor() actor: Actor, @Param('id', UuidPipe) id: string): Promise<HospitalDto> {
    return this.hospitals.resume(actor, id);
  }

  /**
   * Invites a hospital_admin, who invites everybody else.
   * @remarks The token is mailed as by `POST /users/invitations`.
   * @throws {404} `hospital.not-found`
   * @throws {409} `hospital.illegal-status`, `user.already-member`, `user.account-disabled`
   * @throws {422} `request.invalid`
   */
  @Post(':id/administrators')
  @Access('hospital:manage', 'any')
  @Audited({ action: 'create', entity: 'membership', entityIds: valuesAt('user.id') })
  @Idempotent()
  @Returns(201, InvitationDto)
  inviteAdministrator(
    @CurrentActor() actor: Actor,
    @Param('id', UuidPipe) id: string,
    @Body() command: PersonDto,
  ): Promise<InvitationDto> {
    return this.hospitals.inviteAdministrator(actor, id, command);
  }
}
