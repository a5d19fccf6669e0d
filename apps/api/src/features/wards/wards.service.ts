import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import { coversWard, type HospitalActor } from '../../platform/access/actor.js';
import { Cache } from '../../platform/cache/cache.service.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { CountedPage } from '../../platform/http/counted-page.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../platform/http/page.js';
import type {
  BedDto,
  CreateBedDto,
  CreateWardDto,
  UpdateWardDto,
  WardDto,
  WardPatientsDto,
  WardsQueryDto,
} from './wards.dto.js';
import { wardError } from './wards.errors.js';
import { WardsRepository, type BedRow, type WardRow } from './wards.repository.js';

@Injectable()
export class WardsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly cache: Cache,
    private readonly wards: WardsRepository,
    private readonly outbox: Outbox,
  ) {}

  /** The wards the actor works on, in the order of their codes. */
  async list(actor: HospitalActor, query: WardsQueryDto): Promise<CountedPage<WardDto>> {
    const after = afterCursor(query);
    const { limit, count = false } = query;
    const filter = { within: actor.wardIds?.toSorted(), active: query.active };
    const key = `wards:${JSON.stringify({ ...filter, after, limit, count })}`;
    const load = (): Promise<CountedPage<WardDto>> =>
      this.database.readInHospital(actor.hospital, async (tx) => {
        const rows = await this.wards.list(tx, filter, after, limit + 1);
        const page = toPage(rows, limit, toWardDto, ({ code }) => [code]);
        return count ? { ...page, total: await this.wards.count(tx, filter) } : page;
      });
    return this.cache.hospital(actor).read(key, { tags: ['wards'] }, load);
  }

  async get(actor: HospitalActor, id: string): Promise<WardDto> {
    if (!coversWard(actor, id)) throw wardError('ward.not-found');
    const ward = await this.cache.hospital(actor).read(`ward:${id}`, { tags: [`ward:${id}`] }, async () => {
      const row = await this.database.readInHospital(actor.hospital, (tx) => this.wards.find(tx, id));
      return row ? toWardDto(row) : undefined;
    });
    if (!ward) throw wardError('ward.not-found');
    return ward;
  }

  create(actor: HospitalActor, { code, name }: CreateWardDto): Promise<WardDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const ward = await this.wards.insert(tx, { code, name, createdBy: actor.userId });
      await this.outbox.add(tx, eventBy(actor, 'ward.created', { id: ward.id, version: ward.version }));
      return toWardDto(ward);
    });
  }

  /** @throws `precondition.failed` when somebody changed the ward since */
  update(actor: HospitalActor, id: string, version: number, change: UpdateWardDto): Promise<WardDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.require(tx, actor, id);
      const ward = await this.wards.update(tx, id, version, { ...change });
      if (!ward) throw commonError('precondition.failed');
      await this.outbox.add(tx, eventBy(actor, 'ward.changed', { id, version: ward.version }));
      return toWardDto(ward);
    });
  }

  async listBeds(actor: HospitalActor, wardId: string, query: PageQueryDto): Promise<Page<BedDto>> {
    if (!coversWard(actor, wardId)) throw wardError('ward.not-found');
    const after = afterCursor(query);
    const { limit } = query;
    const key = `beds:${wardId}:${JSON.stringify({ after, limit })}`;
    const page = await this.cache.hospital(actor).read(key, { tags: [`ward:${wardId}`] }, () =>
      this.database.readInHospital(actor.hospital, async (tx) => {
        if (!(await this.wards.find(tx, wardId))) return undefined;
        return toPage(await this.wards.listBeds(tx, wardId, after, limit + 1), limit, toBedDto, ({ label }) => [label]);
      }),
    );
    if (!page) throw wardError('ward.not-found');
    return page;
  }

  createBed(actor: HospitalActor, wardId: string, { label }: CreateBedDto): Promise<BedDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.require(tx, actor, wardId);
      const bed = await this.wards.insertBed(tx, { wardId, label });
      await this.outbox.add(tx, eventBy(actor, 'bed.created', { id: bed.id, wardId }));
      return toBedDto(bed);
    });
  }

  patientsNow(actor: HospitalActor, wardId: string): Promise<WardPatientsDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.require(tx, actor, wardId);
      return { items: await this.wards.patientsNow(tx, wardId) };
    });
  }

  /** @throws `ward.not-found` for a ward that does not exist or that the actor does not work on */
  async require(tx: TenantTx, actor: HospitalActor, id: string): Promise<WardRow> {
    const ward = coversWard(actor, id) ? await this.wards.find(tx, id) : null;
    if (!ward) throw wardError('ward.not-found');
    return ward;
  }

  async exists(tx: TenantTx, id: string): Promise<boolean> {
    return (await this.wards.find(tx, id)) !== null;
  }

  /** For a ward named in a body. @throws `request.invalid` unless the ward is in use and the actor works on it */
  async requireNamed(tx: TenantTx, actor: HospitalActor, wardId: string): Promise<void> {
    if (!coversWard(actor, wardId)) throw noSuchWard();
    await this.requireInUse(tx, wardId);
  }

  /** The same of a ward that others work on. @throws `request.invalid` unless it is in use */
  async requireInUse(tx: TenantTx, wardId: string): Promise<void> {
    const ward = await this.wards.find(tx, wardId);
    if (!ward?.active) throw noSuchWard();
  }
}

const noSuchWard = (): Error =>
  commonError('request.invalid', {
    errors: [{ field: 'wardId', code: 'not-found', message: 'there is no such ward in use' }],
  });

/** Both lists are sorted by one text: the ward's code, the bed's label. */
const afterCursor = ({ cursor }: PageQueryDto): string | undefined =>
  cursor === undefined ? undefined : decodeKeys(cursor, { text: 'text' }).text;

const toWardDto = ({ id, code, name, active, version, createdAt, updatedAt }: WardRow): WardDto => ({
  id,
  code,
  name,
  active,
  version,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});

const toBedDto = ({ id, wardId, label, active }: BedRow): BedDto => ({ id, wardId, label, active });
