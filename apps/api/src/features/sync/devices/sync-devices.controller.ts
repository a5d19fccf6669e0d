import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { RevokeSyncDeviceDto, SyncDeviceDto, SyncDevicePageDto, SyncDevicesQueryDto } from './sync-devices.dto.js';
import { SyncDevicesService } from './sync-devices.service.js';

@ApiTags('Offline')
@Controller('api/v1')
export class SyncDevicesController {
  constructor(private readonly devices: SyncDevicesService) {}

  /** Devices that hold a part of the hospital's record offline. */
  @Get('sync/devices')
  @Access('sync:supervise')
  @Audited({ action: 'read', entity: 'sync-device' })
  @Returns(200, SyncDevicePageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: SyncDevicesQueryDto): Promise<SyncDevicePageDto> {
    return this.devices.list(actor, query.userId, query);
  }

  /**
   * Ends a device's access, for good.
   * @throws {404} `sync-device.not-found`
   */
  @Post('sync/devices/:id/revocation')
  @Access('sync:supervise')
  @Audited({ action: 'update', entity: 'sync-device' })
  @Returns(200, SyncDeviceDto)
  revoke(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: RevokeSyncDeviceDto,
  ): Promise<SyncDeviceDto> {
    return this.devices.revoke(actor, undefined, id, command);
  }

  /** The caller's own devices. */
  @Get('me/sync/devices')
  @Access('sync:own')
  @Audited({ action: 'read', entity: 'sync-device' })
  @Returns(200, SyncDevicePageDto)
  listOwn(@CurrentHospitalActor() actor: HospitalActor, @Query() query: PageQueryDto): Promise<SyncDevicePageDto> {
    return this.devices.list(actor, actor.userId, query);
  }

  /**
   * Ends the access of one of the caller's own devices, such as one that was lost.
   * @throws {404} `sync-device.not-found`
   */
  @Post('me/sync/devices/:id/revocation')
  @Access('sync:own')
  @Audited({ action: 'update', entity: 'sync-device' })
  @Returns(200, SyncDeviceDto)
  revokeOwn(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: RevokeSyncDeviceDto,
  ): Promise<SyncDeviceDto> {
    return this.devices.revoke(actor, actor.userId, id, command);
  }
}
