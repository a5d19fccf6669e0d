import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { Actor } from '../../platform/access/actor.js';
import { CurrentActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { SessionPageDto } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('Signing in')
@Controller('api/v1/auth/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  /** Where the user is signed in, newest first; sessions that timed out are left out, so a page may be short. */
  @Get()
  @Access('session:own', 'any')
  @Returns(200, SessionPageDto)
  list(@CurrentActor() actor: Actor, @Query() query: PageQueryDto): Promise<SessionPageDto> {
    return this.sessions.listOwn(actor, query);
  }

  /**
   * Ends a session of the user: everywhere within 5 seconds, its sockets too.
   * @throws {404} `session.not-found`
   */
  @Delete(':id')
  @Access('session:own', 'any')
  @Audited({ action: 'delete', entity: 'session' })
  @Returns(204)
  revoke(@CurrentActor() actor: Actor, @Param('id', UuidPipe) id: string): Promise<void> {
    return this.sessions.revokeOwn(actor, id);
  }
}
