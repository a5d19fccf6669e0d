import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { CountedPage } from '../../platform/http/counted-page.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage } from '../../platform/http/page.js';
import type { CreateDeviceDto, DeviceDto, DevicesQueryDto, UpdateDeviceDto } from './devices.dto.js';
import { toDeviceDto } from './devices.mapper.js';
import { DevicesRepository } from './devices.repository.js';
import { GatewaysService } from './gateways.service.js';

@Injectable()
export class DevicesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly devices: DevicesRepository,
    private readonly gateways: GatewaysService,
    private readonly outbox: Outbox,
  ) {}

  /** Devices in use on the actor's wards or by nobody. */
  list({ hospital, wardIds }: HospitalActor, query: DevicesQueryDto): Promise<CountedPage<DeviceDto>> {
    const { limit, cursor, count, sort: order = 'name', ...filter } = query;
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { rank: 'integer', name: 'text' });
    const wanted = { ...filter, within: wardIds };
    return this.database.readInHospital(hospital, async (tx) => {
      const rows = await this.devices.list(tx, wanted, { order, after }, limit + 1);
      const page = toPage(rows, limit, toDeviceDto, ({ rank, externalId }) => [rank, externalId]);
      return count ? { ...page, total: await this.devices.count(tx, wanted) } : page;
    });
  }

  get({ hospital, wardIds }: HospitalActor, id: string): Promise<DeviceDto> {
    return this.database.readInHospital(hospital, async (tx) =>
      toDeviceDto(await this.devices.require(tx, id, wardIds)),
    );
  }

  async create(actor: HospitalActor, device: CreateDeviceDto): Promise<DeviceDto> {
    const { hospital, userId } = actor;
    await this.#requireGateway(hospital, device.gatewayId);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const id = await this.devices.insert(tx, { ...device, by: userId });
      await this.outbox.add(tx, eventBy(actor, 'device.registered', { id, version: 1 }));
      return toDeviceDto(await this.devices.require(tx, id, undefined));
    });
  }

  /** @throws `precondition.failed` when somebody changed the device since */
  async update(actor: HospitalActor, id: string, version: number, change: UpdateDeviceDto): Promise<DeviceDto> {
    const { hospital, userId, wardIds } = actor;
    if (change.gatewayId !== undefined) await this.#requireGateway(hospital, change.gatewayId);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.devices.require(tx, id, wardIds);
      const changed = await this.devices.update(tx, { id, version, by: userId }, { ...change });
      if (!changed) throw commonError('precondition.failed');
      await this.outbox.add(tx, eventBy(actor, 'device.changed', { id, version: version + 1 }));
      return toDeviceDto(await this.devices.require(tx, id, undefined));
    });
  }

  /** Gateways are never deleted, so what is true before the transaction stays true in it. */
  async #requireGateway(hospital: HospitalRef, gatewayId: string): Promise<void> {
    if (await this.gateways.exists(hospital, gatewayId)) return;
    throw commonError('request.invalid', {
      errors: [{ field: 'gatewayId', code: 'not-found', message: 'there is no such gateway' }],
    });
  }
}
