import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { valuesAt } from '../../platform/audit/audit-subjects.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { answerPage } from '../../platform/http/counted-page.js';
import { IfMatch } from '../../platform/http/etag.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { CreateDeviceDto, DeviceDto, DevicePageDto, DevicesQueryDto, UpdateDeviceDto } from './devices.dto.js';
import { DevicesService } from './devices.service.js';

@ApiTags('Devices')
@Controller('api/v1/devices')
export class DevicesController {
  constructor(private readonly devices: DevicesService) {}

  /** Devices in use on the caller's wards or by nobody, and how they fare; sorted by name. */
  @Get()
  @Access('device:read')
  @Audited({ action: 'read', entity: 'device', patientIds: valuesAt('assignment.patientId') })
  @Returns(200, DevicePageDto)
  async list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: DevicesQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DevicePageDto> {
    return answerPage(reply, await this.devices.list(actor, query));
  }

  /** Registers a device under the name its gateway sends. */
  @Post()
  @Access('device:manage')
  @Audited({ action: 'create', entity: 'device', patientIds: valuesAt('assignment.patientId') })
  @Idempotent()
  @Returns(201, DeviceDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Body() device: CreateDeviceDto): Promise<DeviceDto> {
    return this.devices.create(actor, device);
  }

  /** One device, with who wears it now. */
  @Get(':id')
  @Access('device:read')
  @Audited({ action: 'read', entity: 'device', patientIds: valuesAt('assignment.patientId') })
  @Returns(200, DeviceDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<DeviceDto> {
    return this.devices.get(actor, id);
  }

  /** Changes what is named; needs `If-Match`. */
  @Patch(':id')
  @Access('device:manage')
  @Audited({ action: 'update', entity: 'device', patientIds: valuesAt('assignment.patientId') })
  @Returns(200, DeviceDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() change: UpdateDeviceDto,
  ): Promise<DeviceDto> {
    return this.devices.update(actor, id, version, change);
  }
}
