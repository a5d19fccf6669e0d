import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { valuesAt } from '../../platform/audit/audit-subjects.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../platform/http/etag.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { GatewayKeysService } from './gateway-keys.service.js';
import {
  CreateGatewayDto,
  GatewayDto,
  GatewayKeysDto,
  GatewayPageDto,
  NewGatewayKeyDto,
  RotatedGatewayKeyDto,
  RotateKeysDto,
  UpdateGatewayDto,
} from './gateways.dto.js';
import { GatewaysService } from './gateways.service.js';

@ApiTags('Gateways')
@Controller('api/v1/gateways')
export class GatewaysController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly keys: GatewayKeysService,
  ) {}

  /** What collects readings from devices and posts them, sorted by name. */
  @Get()
  @Access('gateway:manage')
  @Audited({ action: 'read', entity: 'gateway' })
  @Returns(200, GatewayPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: PageQueryDto): Promise<GatewayPageDto> {
    return this.gateways.list(actor, query);
  }

  /** Registers a gateway. It needs a key before it can post. */
  @Post()
  @Access('gateway:manage')
  @Audited({ action: 'create', entity: 'gateway' })
  @Idempotent()
  @Returns(201, GatewayDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Body() gateway: CreateGatewayDto): Promise<GatewayDto> {
    return this.gateways.create(actor, gateway);
  }

  /** One gateway. */
  @Get(':id')
  @Access('gateway:manage')
  @Audited({ action: 'read', entity: 'gateway' })
  @Returns(200, GatewayDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<GatewayDto> {
    return this.gateways.get(actor, id);
  }

  /** Renames, disables or enables; needs `If-Match`. */
  @Patch(':id')
  @Access('gateway:manage')
  @Audited({ action: 'update', entity: 'gateway' })
  @Returns(200, GatewayDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() change: UpdateGatewayDto,
  ): Promise<GatewayDto> {
    return this.gateways.update(actor, id, version, change);
  }

  /** The newest 100 keys, newest first, without their secrets. */
  @Get(':id/keys')
  @Access('gateway:manage')
  @Audited({ action: 'read', entity: 'gateway-key', entityIds: valuesAt('keyId') })
  @Returns(200, GatewayKeysDto)
  listKeys(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<GatewayKeysDto> {
    return this.keys.list(actor, id);
  }

  /** Makes a key and shows it this once. */
  @Post(':id/keys')
  @Access('gateway:manage')
  @Audited({ action: 'create', entity: 'gateway-key', entityIds: valuesAt('keyId') })
  @Idempotent()
  @Returns(201, NewGatewayKeyDto)
  createKey(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<NewGatewayKeyDto> {
    return this.keys.create(actor, id);
  }

  /** Makes a key; those there are already keep working for the overlap, a day when nothing is said. */
  @Post(':id/keys/rotate')
  @Access('gateway:manage')
  @Audited({ action: 'create', entity: 'gateway-key', entityIds: valuesAt('keyId') })
  @Idempotent()
  @Returns(201, RotatedGatewayKeyDto)
  rotateKeys(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() { overlapSeconds }: RotateKeysDto,
  ): Promise<RotatedGatewayKeyDto> {
    return this.keys.rotate(actor, id, overlapSeconds);
  }

  /** Revokes a key for good; ingest refuses it within 5 seconds. */
  @Delete(':id/keys/:keyId')
  @Access('gateway:manage')
  @Audited({ action: 'delete', entity: 'gateway-key' })
  @Returns(204)
  revokeKey(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Param('keyId') keyId: string,
  ): Promise<void> {
    return this.keys.revoke(actor, id, keyId);
  }
}
