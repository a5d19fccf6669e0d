import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { SlotPageDto, SlotsQueryDto } from './slots.dto.js';
import { SlotsService } from './slots.service.js';

@ApiTags('Scheduling')
@Controller('api/v1/slots')
export class SlotsController {
  constructor(private readonly slots: SlotsService) {}

  /**
   * Times that can be booked, by start, provider and service; those that are taken among them.
   * @throws {403} `auth.forbidden`
   * @throws {422} `request.invalid`
   */
  @Get()
  @Access('schedule:read')
  @Returns(200, SlotPageDto)
  search(@CurrentHospitalActor() actor: HospitalActor, @Query() query: SlotsQueryDto): Promise<SlotPageDto> {
    return this.slots.search(actor, query);
  }
}
