import { Injectable } from '@nestjs/common';
import { formatGatewayKey, hashSecret, newGatewayKey } from '@hms/auth';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { deviceError } from './devices.errors.js';
import { stateOfKey } from './gateway-key.states.js';
import type { GatewayKeyDto, GatewayKeysDto, NewGatewayKeyDto, RotatedGatewayKeyDto } from './gateways.dto.js';
import { GatewaysRepository, type GatewayKeyRow, type GatewayRef } from './gateways.repository.js';
import { GatewaysService } from './gateways.service.js';

/** Credentials of gateways. Whatever happens here, ingest knows within 5 s, through `public.ingest_epoch`. */
@Injectable()
export class GatewayKeysService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly gateways: GatewaysService,
    private readonly keys: GatewaysRepository,
    private readonly outbox: Outbox,
  ) {}

  /** The newest 100, newest first; never a secret. */
  list(actor: HospitalActor, gatewayId: string): Promise<GatewayKeysDto> {
    const now = new Date();
    return this.database.inPublic(async (tx) => {
      const gateway = await this.#require(tx, actor, gatewayId);
      return { items: (await this.keys.listKeys(tx, gateway)).map((key) => toKeyDto(key, now)) };
    });
  }

  create(actor: HospitalActor, gatewayId: string): Promise<NewGatewayKeyDto> {
    return this.#ofGateway(actor, gatewayId, (tx, gateway) => this.#add(tx, gateway, actor));
  }

  /** Adds a key; those that work now stop within `overlapSeconds`, so that gateways can change over one by one. */
  rotate(actor: HospitalActor, gatewayId: string, overlapSeconds: number): Promise<RotatedGatewayKeyDto> {
    const now = new Date();
    const end = new Date(now.getTime() + overlapSeconds * 1_000);
    return this.#ofGateway(actor, gatewayId, async (tx, gateway) => {
      await this.keys.lock(tx, gateway);
      const replaced = await this.keys.expireKeys(tx, gateway, now, end);
      const added = await this.#add(tx, gateway, actor);
      return { ...added, replaced: replaced.map((key) => toKeyDto(key, now)) };
    });
  }

  /** Repeating it changes nothing. @throws `gateway-key.not-found` */
  async revoke(actor: HospitalActor, gatewayId: string, keyId: string): Promise<void> {
    const now = new Date();
    await this.#ofGateway(actor, gatewayId, async (tx, gateway) => {
      const found = isKeyId(keyId) && (await this.keys.revokeKey(tx, gateway, keyId, now));
      if (!found) throw deviceError('gateway-key.not-found');
      await this.outbox.add(tx, eventBy(actor, 'gateway.keys-changed', { gatewayId }));
    });
  }

  #ofGateway<T>(actor: HospitalActor, id: string, work: (tx: PublicTx, gateway: GatewayRef) => Promise<T>): Promise<T> {
    return this.unitOfWork.inPublic(actor, async (tx) => work(tx, await this.#require(tx, actor, id)));
  }

  async #require(tx: PublicTx, { hospital }: HospitalActor, id: string): Promise<GatewayRef> {
    const gateway = { hospitalId: hospital.id, id };
    await this.gateways.require(tx, gateway);
    return gateway;
  }

  async #add(tx: PublicTx, gateway: GatewayRef, actor: HospitalActor): Promise<NewGatewayKeyDto> {
    const key = newGatewayKey();
    const secretHash = Uint8Array.from(hashSecret(key.secret));
    await this.keys.insertKey(tx, gateway, { keyId: key.keyId, secretHash, createdBy: actor.userId });
    await this.outbox.add(tx, eventBy(actor, 'gateway.keys-changed', { gatewayId: gateway.id }));
    return { keyId: key.keyId, key: formatGatewayKey(key) };
  }
}

const isKeyId = (text: string): boolean => /^[a-z0-9]{12}$/.test(text);

function toKeyDto(key: GatewayKeyRow, now: Date): GatewayKeyDto {
  return {
    keyId: key.keyId,
    state: stateOfKey(key, now),
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  };
}
