import { Body, Controller, Get, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { valuesAt } from '../../platform/audit/audit-subjects.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { answerPage } from '../../platform/http/counted-page.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { InvitationsService } from './invitations.service.js';
import { InvitationDto, InviteUserDto, ListUsersQueryDto, SetRolesDto, UserDto, UserPageDto } from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('api/v1/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly invitations: InvitationsService,
  ) {}

  /** Members of the hospital by name and id. */
  @Get()
  @Access('user:manage')
  @Audited({ action: 'read', entity: 'user' })
  @Returns(200, UserPageDto)
  async list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: ListUsersQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserPageDto> {
    return answerPage(reply, await this.users.list(actor, query));
  }

  /**
   * One member of the hospital.
   * @throws {404} `user.not-found`
   */
  @Get(':id')
  @Access('user:manage')
  @Audited({ action: 'read', entity: 'user' })
  @Returns(200, UserDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<UserDto> {
    return this.users.get(actor, id);
  }

  /**
   * Makes somebody a member of the hospital.
   * @remarks The person is mailed a token that is valid for 7 days. Inviting again whoever has not accepted yet replaces
   * roles and token. An invitation ends with the right of its sender to invite.
   * @throws {409} `user.already-member`, `user.account-disabled`
   * @throws {422} `request.invalid`
   */
  @Post('invitations')
  @Access('user:manage')
  @Audited({ action: 'create', entity: 'membership', entityIds: valuesAt('user.id') })
  @Idempotent()
  @Returns(201, InvitationDto)
  invite(@CurrentHospitalActor() actor: HospitalActor, @Body() command: InviteUserDto): Promise<InvitationDto> {
    return this.invitations.invite(actor, actor.hospital, command);
  }

  /**
   * Replaces all roles and wards of a member.
   * @remarks Open sessions have the new rights within 5 seconds.
   * @throws {404} `user.not-found`
   * @throws {409} `user.last-admin`, `user.patient-account`
   * @throws {422} `request.invalid`
   */
  @Put(':id/roles')
  @Access('user:manage')
  @Audited({ action: 'update', entity: 'membership' })
  @Returns(200, UserDto)
  setRoles(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: SetRolesDto,
  ): Promise<UserDto> {
    return this.users.setRoles(actor, id, command);
  }

  /**
   * Shuts a member out of this hospital and ends its sessions here within 5 seconds.
   * @throws {404} `user.not-found`
   * @throws {409} `user.self-disable`, `user.last-admin`
   */
  @Post(':id/disable')
  @Access('user:manage')
  @Audited({ action: 'update', entity: 'membership' })
  @Returns(200, UserDto)
  disable(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<UserDto> {
    return this.users.disable(actor, id);
  }

  /**
   * Lets a disabled member in again.
   * @throws {404} `user.not-found`
   */
  @Post(':id/enable')
  @Access('user:manage')
  @Audited({ action: 'update', entity: 'membership' })
  @Returns(200, UserDto)
  enable(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<UserDto> {
    return this.users.enable(actor, id);
  }
}
