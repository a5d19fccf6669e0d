import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { SessionPageDto } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('Users')
@Controller('api/v1/users/:id/sessions')
export class UserSessionsController {
  constructor(private readonly sessions: SessionsService) {}

  /**
   * Where a member is signed in to this hospital, newest first.
   * @throws {404} `user.not-found`
   */
  @Get()
  @Access('user:manage')
  @Audited({ action: 'read', entity: 'session' })
  @Returns(200, SessionPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: PageQueryDto,
  ): Promise<SessionPageDto> {
    return this.sessions.listOf(actor, id, query);
  }

  /**
   * Ends a member's session in this hospital: everywhere within 5 seconds, its sockets too.
   * @throws {404} `user.not-found`, `session.not-found`
   */
  @Delete(':sessionId')
  @Access('user:manage')
  @Audited({ action: 'delete', entity: 'session' })
  @Returns(204)
  revoke(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Param('sessionId', UuidPipe) sessionId: string,
  ): Promise<void> {
    return this.sessions.revokeOf(actor, id, sessionId);
  }
}
