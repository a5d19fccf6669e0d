import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../../platform/http/page.js';
import { presentFields } from '../../../platform/http/patch.js';
import { notUsable, schedulingError } from '../scheduling.errors.js';
import type { CreateServiceDto, ServiceDto, UpdateServiceDto } from './services.dto.js';
import { ServicesRepository, type ServiceRow } from './services.repository.js';

/** What can be booked. */
@Injectable()
export class ServicesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly services: ServicesRepository,
    private readonly outbox: Outbox,
  ) {}

  /** By name. */
  list(actor: HospitalActor, { limit, cursor }: PageQueryDto): Promise<Page<ServiceDto>> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { name: 'text' }).name;
    return this.database.readInHospital(actor.hospital, async (tx) =>
      toPage(await this.services.list(tx, after, limit + 1), limit, toServiceDto, ({ name }) => [name]),
    );
  }

  /** @throws `service.not-found` */
  get(actor: HospitalActor, id: string): Promise<ServiceDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => toServiceDto(await this.#require(tx, id)));
  }

  /** @throws `service.name-taken` */
  create(actor: HospitalActor, command: CreateServiceDto): Promise<ServiceDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const service = await this.services.insert(tx, { ...command, createdBy: actor.userId });
      await this.outbox.add(tx, eventBy(actor, 'schedule.changed', { id: service.id }));
      return toServiceDto(service);
    });
  }

  /** @throws `service.not-found`, `service.name-taken` or `precondition.failed` */
  update(actor: HospitalActor, id: string, version: number, change: UpdateServiceDto): Promise<ServiceDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, id);
      const service = await this.services.update(tx, id, version, presentFields({ ...change }));
      if (!service) throw commonError('precondition.failed');
      await this.outbox.add(tx, eventBy(actor, 'schedule.changed', { id }));
      return toServiceDto(service);
    });
  }

  /** Those that a body names and that are in use. @throws `request.invalid` */
  async requireNamed(tx: TenantTx, serviceIds: readonly string[]): Promise<void> {
    const ids = [...new Set(serviceIds)];
    if ((await this.services.countActive(tx, ids)) !== ids.length) throw notUsable('serviceIds', 'service');
  }

  async #require(tx: TenantTx, id: string): Promise<ServiceRow> {
    const service = await this.services.find(tx, id);
    if (!service) throw schedulingError('service.not-found');
    return service;
  }
}

const toServiceDto = (row: ServiceRow): ServiceDto => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
