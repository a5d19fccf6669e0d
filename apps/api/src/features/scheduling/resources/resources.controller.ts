import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import {
  CreateResourceDto,
  ResourceDto,
  ResourcePageDto,
  ResourcesQueryDto,
  UpdateResourceDto,
} from './resources.dto.js';
import { ResourcesService } from './resources.service.js';

@ApiTags('Scheduling')
@Controller('api/v1/resources')
export class ResourcesController {
  constructor(private readonly resources: ResourcesService) {}

  /** Providers, rooms and devices, by name. */
  @Get()
  @Access('schedule:read')
  @Returns(200, ResourcePageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: ResourcesQueryDto): Promise<ResourcePageDto> {
    return this.resources.list(actor, query);
  }

  /**
   * Adds a provider, a room or a device.
   * @throws {409} `resource.user-taken`
   */
  @Post()
  @Access('schedule:manage')
  @Audited({ action: 'create', entity: 'resource' })
  @Idempotent()
  @Returns(201, ResourceDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Body() resource: CreateResourceDto): Promise<ResourceDto> {
    return this.resources.create(actor, resource);
  }

  /**
   * One resource.
   * @throws {404} `resource.not-found`
   */
  @Get(':id')
  @Access('schedule:read')
  @Returns(200, ResourceDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<ResourceDto> {
    return this.resources.get(actor, id);
  }

  /**
   * Changes what is named; needs `If-Match`.
   * @throws {404} `resource.not-found`
   * @throws {409} `resource.user-taken`
   * @throws {412} `precondition.failed`
   */
  @Patch(':id')
  @Access('schedule:manage')
  @Audited({ action: 'update', entity: 'resource' })
  @Returns(200, ResourceDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() change: UpdateResourceDto,
  ): Promise<ResourceDto> {
    return this.resources.update(actor, id, version, change);
  }
}
