import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { answerPage } from '../../platform/http/counted-page.js';
import { IfMatch } from '../../platform/http/etag.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import {
  BedDto,
  BedPageDto,
  CreateBedDto,
  CreateWardDto,
  UpdateWardDto,
  WardDto,
  WardPageDto,
  WardPatientsDto,
  WardsQueryDto,
} from './wards.dto.js';
import { WardsService } from './wards.service.js';

@ApiTags('Wards')
@Controller('api/v1/wards')
export class WardsController {
  constructor(private readonly wards: WardsService) {}

  /** The wards the caller works on, sorted by code. */
  @Get()
  @Access('ward:read')
  @Returns(200, WardPageDto)
  async list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: WardsQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WardPageDto> {
    return answerPage(reply, await this.wards.list(actor, query));
  }

  /** Opens a ward. */
  @Post()
  @Access('ward:manage')
  @Audited({ action: 'create', entity: 'ward' })
  @Idempotent()
  @Returns(201, WardDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Body() ward: CreateWardDto): Promise<WardDto> {
    return this.wards.create(actor, ward);
  }

  /** One ward the caller works on. */
  @Get(':id')
  @Access('ward:read')
  @Returns(200, WardDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<WardDto> {
    return this.wards.get(actor, id);
  }

  /** Changes what is named; needs `If-Match`. */
  @Patch(':id')
  @Access('ward:manage')
  @Audited({ action: 'update', entity: 'ward' })
  @Returns(200, WardDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() change: UpdateWardDto,
  ): Promise<WardDto> {
    return this.wards.update(actor, id, version, change);
  }

  /** Beds of the ward, sorted by label. */
  @Get(':id/beds')
  @Access('ward:read')
  @Returns(200, BedPageDto)
  listBeds(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: PageQueryDto,
  ): Promise<BedPageDto> {
    return this.wards.listBeds(actor, id, query);
  }

  /** Adds a bed. */
  @Post(':id/beds')
  @Access('ward:manage')
  @Audited({ action: 'create', entity: 'bed' })
  @Idempotent()
  @Returns(201, BedDto)
  createBed(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() bed: CreateBedDto,
  ): Promise<BedDto> {
    return this.wards.createBed(actor, id, bed);
  }

  /** Patients with a device on this ward at this moment, by bed and name. */
  @Get(':id/patients')
  @Access('patient:read')
  @Audited({ action: 'read', entity: 'patient' })
  @Returns(200, WardPatientsDto)
  patientsNow(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<WardPatientsDto> {
    return this.wards.patientsNow(actor, id);
  }
}
