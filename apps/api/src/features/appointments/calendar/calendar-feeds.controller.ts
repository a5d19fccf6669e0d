import { Controller, Delete, Get, Header, Param, Post } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import { Access, Public, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited, NotAudited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { CalendarFeedsDto, NewCalendarFeedDto } from './calendar-feeds.dto.js';
import { CalendarFeedsService } from './calendar-feeds.service.js';

@ApiTags('Calendars')
@Controller('api/v1')
export class CalendarFeedsController {
  constructor(private readonly feeds: CalendarFeedsService) {}

  /**
   * Addresses of a provider's calendar, newest first.
   * @throws {404} `resource.not-found`
   */
  @Get('resources/:id/calendar-feeds')
  @Access('appointment:conduct')
  @Audited({ action: 'read', entity: 'calendar-feed' })
  @Returns(200, CalendarFeedsDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<CalendarFeedsDto> {
    return this.feeds.list(actor, id);
  }

  /**
   * A new address of a provider's calendar, for calendar programs; it names no patients. One's own, or with `schedule:manage`
   * anybody's.
   * @throws {404} `resource.not-found`
   */
  @Post('resources/:id/calendar-feeds')
  @Access('appointment:conduct')
  @Audited({ action: 'create', entity: 'calendar-feed' })
  @Idempotent()
  @Returns(201, NewCalendarFeedDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<NewCalendarFeedDto> {
    return this.feeds.create(actor, id);
  }

  /**
   * The address opens nothing any more.
   * @throws {404} `resource.not-found`, `calendar-feed.not-found`
   */
  @Delete('resources/:id/calendar-feeds/:feedId')
  @Access('appointment:conduct')
  @Audited({ action: 'delete', entity: 'calendar-feed' })
  @Returns(204)
  revoke(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) resourceId: string,
    @Param('feedId', UuidPipe) id: string,
  ): Promise<void> {
    return this.feeds.revoke(actor, resourceId, id);
  }

  /**
   * A provider's calendar (RFC 5545), a month back and half a year ahead.
   * @throws {404} `calendar-feed.not-found`
   */
  @Get('calendars/:token')
  @Public('calendar programs cannot sign in: the address is the secret, and can be revoked')
  @NotAudited('shows when a provider is busy, and no patient')
  @ApiProduces('text/calendar')
  @Header('content-type', 'text/calendar; charset=utf-8')
  @Returns(200)
  read(@Param('token') token: string): Promise<string> {
    return this.feeds.read(token);
  }
}
