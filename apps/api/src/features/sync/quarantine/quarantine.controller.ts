import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import {
  OwnQuarantineQueryDto,
  QuarantinedDetailDto,
  QuarantinedDto,
  QuarantinePageDto,
  QuarantineQueryDto,
  ReviewQuarantineDto,
} from './quarantine.dto.js';
import { QuarantineService } from './quarantine.service.js';

@ApiTags('Offline')
@Controller('api/v1')
export class QuarantineController {
  constructor(private readonly quarantine: QuarantineService) {}

  /** Changes of devices that were refused for good, newest first: those nobody reviewed, unless `state` says otherwise. */
  @Get('sync/quarantine')
  @Access('sync:supervise')
  @Audited({ action: 'read', entity: 'sync-quarantine' })
  @Returns(200, QuarantinePageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: QuarantineQueryDto): Promise<QuarantinePageDto> {
    return this.quarantine.list(actor, query);
  }

  /**
   * One refused change, whole.
   * @throws {404} `sync-quarantine.not-found`
   */
  @Get('sync/quarantine/:id')
  @Access('sync:supervise')
  @Audited({ action: 'read', entity: 'sync-quarantine' })
  @Returns(200, QuarantinedDetailDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<QuarantinedDetailDto> {
    return this.quarantine.get(actor, undefined, id);
  }

  /**
   * Says what became of a refused change, once.
   * @throws {404} `sync-quarantine.not-found`
   * @throws {409} `sync-quarantine.reviewed`
   */
  @Post('sync/quarantine/:id/review')
  @Access('sync:supervise')
  @Audited({ action: 'update', entity: 'sync-quarantine' })
  @Returns(200, QuarantinedDto)
  review(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: ReviewQuarantineDto,
  ): Promise<QuarantinedDto> {
    return this.quarantine.review(actor, id, command);
  }

  /** Changes of the caller's own that were refused for good. */
  @Get('me/sync/quarantine')
  @Access('sync:own')
  @Audited({ action: 'read', entity: 'sync-quarantine' })
  @Returns(200, QuarantinePageDto)
  listOwn(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: OwnQuarantineQueryDto,
  ): Promise<QuarantinePageDto> {
    return this.quarantine.list(actor, { ...query, userId: actor.userId });
  }

  /**
   * One of the caller's own refused changes, whole.
   * @throws {404} `sync-quarantine.not-found`
   */
  @Get('me/sync/quarantine/:id')
  @Access('sync:own')
  @Audited({ action: 'read', entity: 'sync-quarantine' })
  @Returns(200, QuarantinedDetailDto)
  getOwn(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<QuarantinedDetailDto> {
    return this.quarantine.get(actor, actor.userId, id);
  }
}
