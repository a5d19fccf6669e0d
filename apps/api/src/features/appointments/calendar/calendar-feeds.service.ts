import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { hashOpaqueToken, newOpaqueToken } from '../../../platform/access/opaque-token.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { ResourcesService } from '../../scheduling/resources/resources.service.js';
import { appointmentError } from '../appointments.errors.js';
import type { CalendarFeedDto, CalendarFeedsDto, NewCalendarFeedDto } from './calendar-feeds.dto.js';
import {
  CalendarFeedsRepository,
  type BusyRow,
  type CalendarFeedRow,
  type FeedPath,
} from './calendar-feeds.repository.js';
import { toCalendar, type CalendarEvent } from './ical.js';

const dayMs = 86_400_000;
const [daysBack, daysAhead] = [30, 180];

/** When a provider is busy, for calendar programs. Patients are not named: such programs copy what they are given anywhere. */
@Injectable()
export class CalendarFeedsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly resources: ResourcesService,
    private readonly feeds: CalendarFeedsRepository,
  ) {}

  /** Newest first. @throws `resource.not-found` or `auth.forbidden` */
  async list(actor: HospitalActor, resourceId: string): Promise<CalendarFeedsDto> {
    return { items: (await this.feeds.list(await this.#path(actor, resourceId))).map(toFeedDto) };
  }

  /** @throws `resource.not-found` or `auth.forbidden` */
  async create(actor: HospitalActor, resourceId: string): Promise<NewCalendarFeedDto> {
    const path = await this.#path(actor, resourceId);
    return this.unitOfWork.inPublic(actor, async (tx) => {
      const token = newOpaqueToken();
      const feed = { ...path, tokenHash: hashOpaqueToken(token), createdBy: actor.userId };
      return { ...toFeedDto(await this.feeds.insert(tx, feed)), path: `/api/v1/calendars/${token}` };
    });
  }

  /** @throws `resource.not-found`, `calendar-feed.not-found` or `auth.forbidden` */
  async revoke(actor: HospitalActor, resourceId: string, id: string): Promise<void> {
    const path = await this.#path(actor, resourceId);
    await this.unitOfWork.inPublic(actor, async (tx) => {
      const revoked = await this.feeds.revoke(tx, path, id);
      if (!revoked) throw appointmentError('calendar-feed.not-found');
      return toFeedDto(revoked);
    });
  }

  /** As RFC 5545 has it. @throws `calendar-feed.not-found` */
  async read(token: string): Promise<string> {
    const feed = await this.feeds.find(hashOpaqueToken(token));
    if (!feed) throw appointmentError('calendar-feed.not-found');
    const now = Date.now();
    return this.database.readInHospital(feed.hospital, async (tx) => {
      const { name } = await this.resources.require(tx, feed.resourceId);
      const [from, to] = [new Date(now - daysBack * dayMs), new Date(now + daysAhead * dayMs)];
      return toCalendar(name, (await this.feeds.listBusy(tx, feed.resourceId, from, to)).map(toEvent));
    });
  }

  /** Providers have feeds of themselves; who manages schedules, of everybody. */
  async #path(actor: HospitalActor, resourceId: string): Promise<FeedPath> {
    const resource = await this.database.readInHospital(actor.hospital, (tx) => this.resources.require(tx, resourceId));
    if (!actor.permissions.has('schedule:manage') && resource.userId !== actor.userId)
      throw commonError('auth.forbidden');
    return { hospitalId: actor.hospital.id, resourceId };
  }
}

const toFeedDto = (row: CalendarFeedRow): CalendarFeedDto => ({
  id: row.id,
  resourceId: row.resourceId,
  createdAt: row.createdAt.toISOString(),
  revokedAt: row.revokedAt?.toISOString() ?? null,
});

function toEvent({ service, site, status, ...row }: BusyRow): CalendarEvent {
  const isOff = status === 'cancelled' || status === 'no_show';
  return { ...row, summary: service, location: site, status: isOff ? 'CANCELLED' : 'CONFIRMED' };
}
