import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { presentFields } from '../../../platform/http/patch.js';
import { notUsable, schedulingError } from '../scheduling.errors.js';
import { SitesService } from '../sites/sites.service.js';
import type { CreateResourceDto, ResourceDto, ResourcesQueryDto, UpdateResourceDto } from './resources.dto.js';
import { ResourcesRepository, type ResourceRow } from './resources.repository.js';

/** Who or what an appointment takes up: providers, rooms and devices. */
@Injectable()
export class ResourcesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly sites: SitesService,
    private readonly resources: ResourcesRepository,
    private readonly outbox: Outbox,
  ) {}

  /** By name. */
  list(actor: HospitalActor, { limit, cursor, ...filter }: ResourcesQueryDto): Promise<Page<ResourceDto>> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { name: 'text', id: 'uuid' });
    return this.database.readInHospital(actor.hospital, async (tx) =>
      toPage(await this.resources.list(tx, filter, after, limit + 1), limit, toResourceDto, ({ name, id }) => [
        name,
        id,
      ]),
    );
  }

  /** @throws `resource.not-found` */
  get(actor: HospitalActor, id: string): Promise<ResourceDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => toResourceDto(await this.require(tx, id)));
  }

  /** @throws `resource.user-taken` or `request.invalid` */
  create(actor: HospitalActor, command: CreateResourceDto): Promise<ResourceDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      assertAccount(command.kind, command.userId);
      await this.sites.requireNamed(tx, command.siteId);
      const resource = await this.resources.insert(tx, { ...command, createdBy: actor.userId });
      await this.outbox.add(tx, eventBy(actor, 'schedule.changed', { id: resource.id }));
      return toResourceDto(resource);
    });
  }

  /** @throws `resource.not-found`, `resource.user-taken`, `precondition.failed` or `request.invalid` */
  update(actor: HospitalActor, id: string, version: number, change: UpdateResourceDto): Promise<ResourceDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const { kind } = await this.require(tx, id);
      assertAccount(kind, change.userId);
      if (change.siteId !== undefined) await this.sites.requireNamed(tx, change.siteId);
      const resource = await this.resources.update(tx, id, version, presentFields({ ...change }));
      if (!resource) throw commonError('precondition.failed');
      await this.outbox.add(tx, eventBy(actor, 'schedule.changed', { id }));
      return toResourceDto(resource);
    });
  }

  /** @throws `resource.not-found` */
  async require(tx: TenantTx, id: string): Promise<ResourceRow> {
    const resource = await this.resources.find(tx, id);
    if (!resource) throw schedulingError('resource.not-found');
    return resource;
  }
}

function assertAccount(kind: string, userId: string | null | undefined): void {
  if (kind !== 'provider' && typeof userId === 'string') throw notUsable('userId', 'account of a room or device');
}

const toResourceDto = (row: ResourceRow): ResourceDto => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
