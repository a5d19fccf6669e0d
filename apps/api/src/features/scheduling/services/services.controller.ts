import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { CreateServiceDto, ServiceDto, ServicePageDto, UpdateServiceDto } from './services.dto.js';
import { ServicesService } from './services.service.js';

@ApiTags('Scheduling')
@Controller('api/v1/services')
export class ServicesController {
  constructor(private readonly services: ServicesService) {}

  /** What can be booked, by name. */
  @Get()
  @Access('schedule:read')
  @Returns(200, ServicePageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: PageQueryDto): Promise<ServicePageDto> {
    return this.services.list(actor, query);
  }

  /**
   * Offers a service.
   * @throws {409} `service.name-taken`
   */
  @Post()
  @Access('schedule:manage')
  @Audited({ action: 'create', entity: 'service' })
  @Idempotent()
  @Returns(201, ServiceDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Body() service: CreateServiceDto): Promise<ServiceDto> {
    return this.services.create(actor, service);
  }

  /**
   * One service.
   * @throws {404} `service.not-found`
   */
  @Get(':id')
  @Access('schedule:read')
  @Returns(200, ServiceDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<ServiceDto> {
    return this.services.get(actor, id);
  }

  /**
   * Changes what is named; needs `If-Match`.
   * @throws {404} `service.not-found`
   * @throws {409} `service.name-taken`
   * @throws {412} `precondition.failed`
   */
  @Patch(':id')
  @Access('schedule:manage')
  @Audited({ action: 'update', entity: 'service' })
  @Returns(200, ServiceDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() change: UpdateServiceDto,
  ): Promise<ServiceDto> {
    return this.services.update(actor, id, version, change);
  }
}
