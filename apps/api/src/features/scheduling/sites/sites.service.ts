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
import type { CreateSiteDto, SiteDto, UpdateSiteDto } from './sites.dto.js';
import { SitesRepository, type SiteRow } from './sites.repository.js';

/** Where patients come to. */
@Injectable()
export class SitesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly sites: SitesRepository,
    private readonly outbox: Outbox,
  ) {}

  /** By name. */
  list(actor: HospitalActor, { limit, cursor }: PageQueryDto): Promise<Page<SiteDto>> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { name: 'text' }).name;
    return this.database.readInHospital(actor.hospital, async (tx) =>
      toPage(await this.sites.list(tx, after, limit + 1), limit, toSiteDto, ({ name }) => [name]),
    );
  }

  /** @throws `site.not-found` */
  get(actor: HospitalActor, id: string): Promise<SiteDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => toSiteDto(await this.#require(tx, id)));
  }

  /** @throws `site.name-taken` */
  create(actor: HospitalActor, { name, tz, address = null }: CreateSiteDto): Promise<SiteDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const site = await this.sites.insert(tx, { name, tz, address, createdBy: actor.userId });
      await this.outbox.add(tx, eventBy(actor, 'schedule.changed', { id: site.id }));
      return toSiteDto(site);
    });
  }

  /** @throws `site.not-found`, `site.name-taken` or `precondition.failed` */
  update(actor: HospitalActor, id: string, version: number, change: UpdateSiteDto): Promise<SiteDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, id);
      const site = await this.sites.update(tx, id, version, presentFields({ ...change }));
      if (!site) throw commonError('precondition.failed');
      await this.outbox.add(tx, eventBy(actor, 'schedule.changed', { id }));
      return toSiteDto(site);
    });
  }

  /** One that a body names and that is in use. @throws `request.invalid` */
  async requireNamed(tx: TenantTx, siteId: string): Promise<SiteRow> {
    const site = await this.sites.find(tx, siteId);
    if (!site?.active) throw notUsable('siteId', 'site');
    return site;
  }

  async #require(tx: TenantTx, id: string): Promise<SiteRow> {
    const site = await this.sites.find(tx, id);
    if (!site) throw schedulingError('site.not-found');
    return site;
  }
}

const toSiteDto = (row: SiteRow): SiteDto => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
