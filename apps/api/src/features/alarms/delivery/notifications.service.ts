import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { UserDirectory } from '../../users/user-directory.service.js';
import { peopleOf, toAlarmDto } from '../episodes/alarm.mapper.js';
import { AlarmsRepository, type AlarmRow } from '../episodes/alarms.repository.js';
import type { NotificationDto, NotificationsQueryDto } from './notifications.dto.js';
import { NotificationsRepository, type NotificationRow } from './notifications.repository.js';

interface Told {
  readonly row: NotificationRow;
  readonly alarm: AlarmRow;
}

/** What somebody was told of. */
@Injectable()
export class NotificationsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly notifications: NotificationsRepository,
    private readonly alarms: AlarmsRepository,
    private readonly users: UserDirectory,
  ) {}

  /** Newest first. */
  async list(actor: HospitalActor, query: NotificationsQueryDto): Promise<Page<NotificationDto>> {
    const { limit, cursor, open = false } = query;
    const { hospital, userId, wardIds: within } = actor;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const told = await this.database.readInHospital(hospital, async (tx) => {
      const rows = await this.notifications.list(tx, { userId, within, open }, before, limit + 1);
      const alarms = await this.alarms.findAll(
        tx,
        rows.map(({ alarmId }) => alarmId),
      );
      const byId = new Map(alarms.map((alarm) => [alarm.id, alarm]));
      return rows.flatMap((row): Told[] => {
        const alarm = byId.get(row.alarmId);
        return alarm ? [{ row, alarm }] : [];
      });
    });
    const names = await this.users.displayNames(told.flatMap(({ alarm }) => peopleOf(alarm)));
    return toPage(
      told,
      limit,
      ({ row, alarm }) => ({
        id: row.id,
        patientId: alarm.patientId,
        level: row.level,
        toldAt: row.toldAt.toISOString(),
        alarm: toAlarmDto(alarm, names),
      }),
      ({ row }) => [row.id],
    );
  }
}
