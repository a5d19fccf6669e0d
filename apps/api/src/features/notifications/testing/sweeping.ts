import type { INestApplicationContext } from '@nestjs/common';
import { HospitalDatabase, type Hospital } from '@hms/database';
import { Registry } from '@hms/service-kit';
import { ApiConfig } from '../../../platform/config/api-config.js';
import { rootLogger } from '../../../platform/observability/observability.tokens.js';
import { DeliveriesRepository } from '../delivery/deliveries.repository.js';
import { DeliverySweep } from '../delivery/delivery-sweep.service.js';
import { NotificationAgenda, type DueHospital } from '../planning/notification-agenda.repository.js';
import { TemplatesRepository } from '../templates/templates.repository.js';

/** The hospital of one test, and none of those of others. */
export class AgendaOf extends NotificationAgenda {
  constructor(
    database: HospitalDatabase,
    private readonly only: Hospital,
  ) {
    super(database);
  }

  override async hospitalsDue(
    ...[queue, without]: Parameters<NotificationAgenda['hospitalsDue']>
  ): Promise<DueHospital[]> {
    const due = await super.hospitalsDue(queue, without, 1_000);
    return due.filter(({ hospital }) => hospital.id === this.only.id);
  }
}

/** What a worker does about the deliveries of one hospital; `start` another one for another worker. */
export function sweepOf(
  nest: INestApplicationContext,
  hospital: Hospital,
  deliveries?: DeliveriesRepository,
): DeliverySweep {
  const here = { strict: false } as const;
  const database = nest.get(HospitalDatabase, here);
  return new DeliverySweep(
    database,
    new AgendaOf(database, hospital),
    deliveries ?? new DeliveriesRepository(database),
    new TemplatesRepository(),
    nest.get(ApiConfig, here),
    nest.get(rootLogger, here),
    new Registry(),
  );
}
