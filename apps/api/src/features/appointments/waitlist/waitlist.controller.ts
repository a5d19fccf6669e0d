import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { JoinWaitlistDto, WaitlistEntryDto, WaitlistPageDto, WaitlistQueryDto } from './waitlist.dto.js';
import { WaitlistService } from './waitlist.service.js';

@ApiTags('Waitlist')
@Controller('api/v1/waitlist')
export class WaitlistController {
  constructor(private readonly waitlist: WaitlistService) {}

  /** Who waits for a time, in the order they came; a patient's own entries. */
  @Get()
  @Access('appointment:read')
  @Audited({ action: 'read', entity: 'waitlist-entry' })
  @Returns(200, WaitlistPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: WaitlistQueryDto): Promise<WaitlistPageDto> {
    return this.waitlist.list(actor, query);
  }

  /**
   * Waits for a time. When one comes free it is held for whoever has waited longest, who is told `waitlist.offered`.
   * @throws {409} `appointment.patient-deceased`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('appointment:book')
  @Audited({ action: 'create', entity: 'waitlist-entry' })
  @Idempotent()
  @Returns(201, WaitlistEntryDto)
  join(@CurrentHospitalActor() actor: HospitalActor, @Body() command: JoinWaitlistDto): Promise<WaitlistEntryDto> {
    return this.waitlist.join(actor, command);
  }

  /**
   * Waits no longer. What was booked stays booked.
   * @throws {404} `waitlist.not-found`
   */
  @Delete(':id')
  @Access('appointment:book')
  @Audited({ action: 'delete', entity: 'waitlist-entry' })
  @Returns(204)
  leave(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<void> {
    return this.waitlist.leave(actor, id);
  }
}
