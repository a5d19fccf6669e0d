import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, hospitalRef, type HospitalStatus, type PublicTx } from '@hms/database';
import type { Actor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { CountedPage } from '../../platform/http/counted-page.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage } from '../../platform/http/page.js';
import { presentFields } from '../../platform/http/patch.js';
import { InvitationsService } from '../users/invitations.service.js';
import type { InvitationDto, PersonDto } from '../users/users.dto.js';
import { assertProvisioned, hospitalStatuses, move } from './hospital.states.js';
import type { HospitalDto, ListHospitalsQueryDto, UpdateHospitalDto } from './hospitals.dto.js';
import { hospitalError } from './hospitals.errors.js';
import { HospitalsRepository, type HospitalRow } from './hospitals.repository.js';

@Injectable()
export class HospitalsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly outbox: Outbox,
    private readonly hospitals: HospitalsRepository,
    private readonly invitations: InvitationsService,
  ) {}

  async list(query: ListHospitalsQueryDto): Promise<CountedPage<HospitalDto>> {
    const { cursor, limit, count = false } = query;
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { name: 'text', id: 'uuid' });
    const rows = await this.hospitals.list(query, after, limit + 1);
    const page = toPage(rows, limit, toHospitalDto, ({ name, id }) => [name, id]);
    return { ...page, ...(count ? { total: await this.hospitals.count(query) } : {}) };
  }

  /** @throws `hospital.not-found` */
  get(id: string): Promise<HospitalDto> {
    return this.database.inPublic(async (tx) => toHospitalDto(await this.#require(tx, id)));
  }

  /** @throws `hospital.not-found`, `precondition.failed` or `request.invalid` */
  update(actor: Actor, id: string, version: number, { name, timezone }: UpdateHospitalDto): Promise<HospitalDto> {
    return this.unitOfWork.inPublic(actor, async (tx) => {
      await this.#require(tx, id);
      const changed = await this.hospitals.update(tx, id, version, presentFields({ name, timezone }));
      if (!changed) throw commonError('precondition.failed');
      const told = { type: 'hospital.changed', payload: { id, version: changed.version } } as const;
      await this.outbox.add(tx, { ...told, hospitalId: id, actorId: actor.userId });
      return toHospitalDto(changed);
    });
  }

  /** @throws `hospital.not-found` or `hospital.illegal-status` */
  suspend(actor: Actor, id: string): Promise<HospitalDto> {
    return this.#move(actor, id, 'suspended');
  }

  /** @throws `hospital.not-found` or `hospital.illegal-status` */
  resume(actor: Actor, id: string): Promise<HospitalDto> {
    return this.#move(actor, id, 'active');
  }

  /** @throws `hospital.not-found`, `hospital.illegal-status`, `user.already-member` or `user.account-disabled` */
  async inviteAdministrator(actor: Actor, id: string, { email, displayName }: PersonDto): Promise<InvitationDto> {
    const hospital = await this.get(id);
    assertProvisioned(hospital.status);
    return this.invitations.invite(actor, hospitalRef(hospital), {
      email,
      displayName,
      roles: ['hospital_admin'],
    });
  }

  #move(actor: Actor, id: string, to: HospitalStatus): Promise<HospitalDto> {
    return this.unitOfWork.inPublic(actor, async (tx) => {
      const { status } = toHospitalDto(await this.#require(tx, id));
      const changed = await this.hospitals.setStatus(tx, id, status, move(status, to));
      if (!changed) throw hospitalError('hospital.illegal-status', { detail: `it is no longer ${status}` });
      const told = { type: 'hospital.changed', payload: { id, version: changed.version } } as const;
      await this.outbox.add(tx, { ...told, hospitalId: id, actorId: actor.userId });
      return toHospitalDto(changed);
    });
  }

  async #require(tx: PublicTx, id: string): Promise<HospitalRow> {
    const hospital = await this.hospitals.find(tx, id);
    if (!hospital) throw hospitalError('hospital.not-found');
    return hospital;
  }
}

const toHospitalDto = (row: HospitalRow): HospitalDto => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  country: row.country,
  currency: row.currency,
  timezone: row.timezone,
  status: hospitalStatuses.find((status) => status === row.status) ?? 'provisioning',
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
