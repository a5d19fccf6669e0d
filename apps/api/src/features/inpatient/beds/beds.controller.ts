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
import {
  BedsQueryDto,
  BedStateDto,
  BedStatePageDto,
  BlockBedDto,
  CreateRoomDto,
  RoomDto,
  RoomPageDto,
  UpdateBedDto,
} from './beds.dto.js';
import { BedsService } from './beds.service.js';

@ApiTags('Beds')
@Controller('api/v1')
export class BedsController {
  constructor(private readonly beds: BedsService) {}

  /** Beds of the wards the caller works on, with their states, by ward and label. */
  @Get('beds')
  @Access('bed:read')
  @Returns(200, BedStatePageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: BedsQueryDto): Promise<BedStatePageDto> {
    return this.beds.list(actor, query);
  }

  /**
   * One bed.
   * @throws {404} `bed.not-found`
   */
  @Get('beds/:id')
  @Access('bed:read')
  @Returns(200, BedStateDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<BedStateDto> {
    return this.beds.get(actor, id);
  }

  /**
   * Changes what a bed is; needs `If-Match`.
   * @throws {404} `bed.not-found`
   * @throws {409} `bed.in-use`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   */
  @Patch('beds/:id')
  @Access('ward:manage')
  @Audited({ action: 'update', entity: 'bed' })
  @Returns(200, BedStateDto)
  change(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: UpdateBedDto,
  ): Promise<BedStateDto> {
    return this.beds.change(actor, { id, version }, command);
  }

  /**
   * Says that the bed was cleaned after whoever left it: it is free from now on.
   * @throws {404} `bed.not-found`
   * @throws {409} `bed.illegal-move`
   */
  @Post('beds/:id/cleaned')
  @Access('bed:assign')
  @Audited({ action: 'update', entity: 'bed' })
  @Returns(200, BedStateDto)
  cleaned(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<BedStateDto> {
    return this.beds.makeAvailable(actor, id, 'cleaning');
  }

  /**
   * Takes an empty bed out of use.
   * @throws {404} `bed.not-found`
   * @throws {409} `bed.illegal-move`
   */
  @Post('beds/:id/block')
  @Access('bed:assign')
  @Audited({ action: 'update', entity: 'bed' })
  @Returns(200, BedStateDto)
  block(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() { reason }: BlockBedDto,
  ): Promise<BedStateDto> {
    return this.beds.block(actor, id, reason);
  }

  /**
   * Takes a blocked bed into use again.
   * @throws {404} `bed.not-found`
   * @throws {409} `bed.illegal-move`
   */
  @Post('beds/:id/unblock')
  @Access('bed:assign')
  @Audited({ action: 'update', entity: 'bed' })
  @Returns(200, BedStateDto)
  unblock(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<BedStateDto> {
    return this.beds.makeAvailable(actor, id, 'blocked');
  }

  /**
   * Rooms of the ward, by name.
   * @throws {404} `ward.not-found`
   */
  @Get('wards/:id/rooms')
  @Access('bed:read')
  @Returns(200, RoomPageDto)
  listRooms(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: PageQueryDto,
  ): Promise<RoomPageDto> {
    return this.beds.listRooms(actor, id, query);
  }

  /**
   * Adds a room to the ward.
   * @throws {404} `ward.not-found`
   * @throws {409} `room.name-taken`
   */
  @Post('wards/:id/rooms')
  @Access('ward:manage')
  @Audited({ action: 'create', entity: 'room' })
  @Idempotent()
  @Returns(201, RoomDto)
  createRoom(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() room: CreateRoomDto,
  ): Promise<RoomDto> {
    return this.beds.createRoom(actor, id, room);
  }
}
