import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { BroadcastDto, BroadcastPageDto, CreateBroadcastDto } from './broadcasts.dto.js';
import { BroadcastsService } from './broadcasts.service.js';

@ApiTags('Admin')
@Controller('api/v1/admin/notifications')
export class BroadcastsController {
  constructor(private readonly broadcasts: BroadcastsService) {}

  /**
   * Tells many people the same.
   * @remarks Answered at once; workers send it. Each recipient gets it once, however often a worker dies meanwhile.
   * @throws {422} `request.invalid`
   */
  @Post('broadcast')
  @Access('notification:manage')
  @Audited({ action: 'create', entity: 'broadcast' })
  @Idempotent()
  @Returns(201, BroadcastDto)
  start(@CurrentHospitalActor() actor: HospitalActor, @Body() command: CreateBroadcastDto): Promise<BroadcastDto> {
    return this.broadcasts.start(actor, command);
  }

  /** Broadcasts with how far they came, newest first. */
  @Get('broadcasts')
  @Access('notification:manage')
  @Audited({ action: 'read', entity: 'broadcast' })
  @Returns(200, BroadcastPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: PageQueryDto): Promise<BroadcastPageDto> {
    return this.broadcasts.list(actor, query);
  }

  /**
   * How far a broadcast came.
   * @throws {404} `broadcast.not-found`
   */
  @Get('broadcasts/:id')
  @Access('notification:manage')
  @Audited({ action: 'read', entity: 'broadcast' })
  @Returns(200, BroadcastDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<BroadcastDto> {
    return this.broadcasts.get(actor, id);
  }

  /**
   * Stops a broadcast, and takes back what has not been sent.
   * @throws {404} `broadcast.not-found`
   * @throws {409} `broadcast.finished`
   */
  @Post('broadcasts/:id/cancel')
  @Access('notification:manage')
  @Audited({ action: 'update', entity: 'broadcast' })
  @Returns(200, BroadcastDto)
  cancel(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<BroadcastDto> {
    return this.broadcasts.cancel(actor, id);
  }
}
