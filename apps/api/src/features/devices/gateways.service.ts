import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type HospitalRef, type PublicTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../platform/http/page.js';
import { deviceError } from './devices.errors.js';
import type { CreateGatewayDto, GatewayDto, UpdateGatewayDto } from './gateways.dto.js';
import { GatewaysRepository, type GatewayRef, type GatewayRow } from './gateways.repository.js';

@Injectable()
export class GatewaysService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly gateways: GatewaysRepository,
    private readonly outbox: Outbox,
  ) {}

  /** In the order of their names. */
  list({ hospital }: HospitalActor, { limit, cursor }: PageQueryDto): Promise<Page<GatewayDto>> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { name: 'text' }).name;
    return this.database.inPublic(async (tx) => {
      const rows = await this.gateways.list(tx, hospital.id, after, limit + 1);
      return toPage(rows, limit, toGatewayDto, ({ name }) => [name]);
    });
  }

  get({ hospital }: HospitalActor, id: string): Promise<GatewayDto> {
    const gateway = { hospitalId: hospital.id, id };
    return this.database.inPublic(async (tx) => toGatewayDto(await this.require(tx, gateway)));
  }

  create(actor: HospitalActor, { name, serviceClass }: CreateGatewayDto): Promise<GatewayDto> {
    const wanted = { hospitalId: actor.hospital.id, name, serviceClass, createdBy: actor.userId };
    return this.unitOfWork.inPublic(actor, async (tx) => {
      const gateway = await this.gateways.insert(tx, wanted);
      await this.outbox.add(tx, eventBy(actor, 'gateway.created', { id: gateway.id, version: gateway.version }));
      return toGatewayDto(gateway);
    });
  }

  /** @throws `precondition.failed` when somebody changed the gateway since */
  update(actor: HospitalActor, id: string, version: number, change: UpdateGatewayDto): Promise<GatewayDto> {
    const ref = { hospitalId: actor.hospital.id, id };
    return this.unitOfWork.inPublic(actor, async (tx) => {
      await this.require(tx, ref);
      const gateway = await this.gateways.update(tx, ref, version, { ...change });
      if (!gateway) throw commonError('precondition.failed');
      await this.outbox.add(tx, eventBy(actor, 'gateway.changed', { id, version: gateway.version }));
      return toGatewayDto(gateway);
    });
  }

  /** @throws `gateway.not-found` */
  async require(tx: PublicTx, ref: GatewayRef): Promise<GatewayRow> {
    const gateway = await this.gateways.find(tx, ref);
    if (!gateway) throw deviceError('gateway.not-found');
    return gateway;
  }

  /** Whether a body may name this gateway. */
  exists(hospital: HospitalRef, id: string): Promise<boolean> {
    return this.database.inPublic(
      async (tx) => (await this.gateways.find(tx, { hospitalId: hospital.id, id })) !== null,
    );
  }
}

const toGatewayDto = ({ id, name, status, serviceClass, version, createdAt, updatedAt }: GatewayRow): GatewayDto => ({
  id,
  name,
  status,
  serviceClass,
  version,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
