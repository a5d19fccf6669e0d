import { Injectable } from '@nestjs/common';
import { constraintOf, type HospitalId, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { deviceError } from './devices.errors.js';

const gatewayColumns = {
  id: true,
  name: true,
  status: true,
  serviceClass: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const;
const keyColumns = { keyId: true, createdAt: true, expiresAt: true, revokedAt: true } as const;
const keysShown = 100;

/** Where a gateway is looked for: `public` knows no second wall, so the hospital is part of every question. */
export interface GatewayRef {
  readonly hospitalId: HospitalId;
  readonly id: string;
}

export interface NewKey {
  readonly keyId: string;
  readonly secretHash: Uint8Array<ArrayBuffer>;
  readonly createdBy: string;
}

@Injectable()
export class GatewaysRepository {
  /** In the order of their names. */
  list(tx: PublicTx, hospitalId: HospitalId, after: string | undefined, take: number) {
    const where = { hospitalId, ...(after === undefined ? {} : { name: { gt: after } }) };
    return tx.gateway.findMany({ where, select: gatewayColumns, orderBy: { name: 'asc' }, take });
  }

  find(tx: PublicTx, { hospitalId, id }: GatewayRef) {
    return tx.gateway.findUnique({ where: { hospitalId_id: { hospitalId, id } }, select: gatewayColumns });
  }

  /** Makes changes to the keys of one gateway happen one after another. */
  async lock(tx: PublicTx, { hospitalId, id }: GatewayRef): Promise<void> {
    await tx.$queryRaw`
      select from public.gateway where hospital_id = ${hospitalId}::uuid and id = ${id}::uuid for no key update`;
  }

  /** @throws `gateway.name-taken` */
  insert(tx: PublicTx, gateway: { hospitalId: HospitalId; name: string; serviceClass: string; createdBy: string }) {
    return tx.gateway.create({ data: { id: uuidv7(), ...gateway }, select: gatewayColumns }).catch(translate);
  }

  /** The changed gateway, or undefined when it is not of that version any more. @throws `gateway.name-taken` */
  async update(
    tx: PublicTx,
    { hospitalId, id }: GatewayRef,
    version: number,
    change: { name?: string; status?: string; serviceClass?: string },
  ) {
    const [gateway] = await tx.gateway
      .updateManyAndReturn({ where: { hospitalId, id, version }, data: change, select: gatewayColumns })
      .catch(translate);
    return gateway;
  }

  /** The newest keys first. */
  listKeys(tx: PublicTx, { hospitalId, id }: GatewayRef) {
    return tx.gatewayKey.findMany({
      where: { hospitalId, gatewayId: id },
      select: keyColumns,
      orderBy: [{ createdAt: 'desc' }, { keyId: 'asc' }],
      take: keysShown,
    });
  }

  async insertKey(tx: PublicTx, { hospitalId, id }: GatewayRef, key: NewKey): Promise<void> {
    await tx.gatewayKey.create({ data: { hospitalId, gatewayId: id, ...key }, select: { keyId: true } });
  }

  /** Lets every key that works at `now` work until `end` at the longest; returns those keys. */
  async expireKeys(tx: PublicTx, { hospitalId, id }: GatewayRef, now: Date, end: Date) {
    const ofGateway = { hospitalId, gatewayId: id, revokedAt: null };
    const outliving = { ...ofGateway, OR: [{ expiresAt: null }, { expiresAt: { gt: end } }] };
    await tx.gatewayKey.updateMany({ where: outliving, data: { expiresAt: end } });
    return tx.gatewayKey.findMany({
      where: { ...ofGateway, expiresAt: { gte: now } },
      select: keyColumns,
      orderBy: { createdAt: 'asc' },
    });
  }

  /** False when the gateway has no such key. A key that was revoked before stays as it is. */
  async revokeKey(tx: PublicTx, { hospitalId, id }: GatewayRef, keyId: string, now: Date): Promise<boolean> {
    const key = { hospitalId, gatewayId: id, keyId };
    await tx.gatewayKey.updateMany({ where: { ...key, revokedAt: null }, data: { revokedAt: now } });
    return (await tx.gatewayKey.count({ where: key })) > 0;
  }
}

function translate(err: unknown): never {
  if (constraintOf(err) === 'gateway_hospital_id_name_key') throw deviceError('gateway.name-taken', { cause: err });
  throw err;
}

export type GatewayRow = NonNullable<Awaited<ReturnType<GatewaysRepository['find']>>>;
export type GatewayKeyRow = Awaited<ReturnType<GatewaysRepository['listKeys']>>[number];
