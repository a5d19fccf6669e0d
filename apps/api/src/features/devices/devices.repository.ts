import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { likeLiteral } from '../../platform/http/like.js';
import type { DeviceOrder } from './devices.dto.js';
import { deviceError } from './devices.errors.js';
import { isSilent, rejectRate } from './silence.sql.js';

export interface DeviceRow {
  readonly id: string;
  readonly externalId: string;
  readonly gatewayId: string;
  readonly kind: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serialNumber: string | null;
  readonly status: string;
  readonly silentAfterSeconds: number;
  readonly silent: boolean;
  readonly lastSeenAt: Date | null;
  readonly clockOffsetMs: number | null;
  readonly rejectRate: number | null;
  readonly lastRejectCode: string | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The assignment of this moment; all null when there is none. */
  readonly assignmentId: string | null;
  readonly patientId: string | null;
  readonly wardId: string | null;
  readonly bedId: string | null;
  readonly from: Date | null;
  readonly until: Date | null;
  /** Its place in the order asked for. */
  readonly rank: number;
}

export interface DeviceFilter {
  /** Only devices in use on these wards or by nobody; undefined means all. */
  readonly within: readonly string[] | undefined;
  readonly id?: string;
  readonly q?: string;
  readonly gatewayId?: string;
  readonly status?: string;
  readonly wardId?: string;
  readonly unassigned?: boolean;
  readonly silent?: boolean;
}

/** Where a page goes on: after a device of that name and, in other orders than that of names, of that rank. */
export interface DevicePosition {
  readonly order: DeviceOrder;
  readonly after: { readonly rank: number; readonly name: string } | undefined;
}

export interface DeviceValues {
  readonly externalId?: string;
  readonly gatewayId?: string;
  readonly kind?: string;
  readonly manufacturer?: string | null;
  readonly model?: string | null;
  readonly serialNumber?: string | null;
  readonly status?: string;
  readonly silentAfterSeconds?: number;
}

export interface NewDevice extends DeviceValues {
  readonly externalId: string;
  readonly gatewayId: string;
  readonly kind: string;
  readonly by: string;
}

const { sql, empty, join } = TenantPrisma;
const columns = TenantPrisma.raw(`
  d.silent_after_seconds as "silentAfterSeconds", ${isSilent} as silent, h.last_seen_at as "lastSeenAt",
  h.clock_offset_ms as "clockOffsetMs", ${rejectRate} as "rejectRate", h.last_reject_code as "lastRejectCode",
  d.id, d.external_id as "externalId", d.gateway_id as "gatewayId", d.kind, d.manufacturer, d.model,
  d.serial_number as "serialNumber", d.status, d.version, d.created_at as "createdAt", d.updated_at as "updatedAt",
  a.id as "assignmentId", a.patient_id as "patientId", a.ward_id as "wardId", a.bed_id as "bedId",
  lower(a.valid) as "from", upper(a.valid) as "until"`);

/** Ascending whole numbers. */
const ranks: Readonly<Record<DeviceOrder, TenantPrisma.Sql>> = {
  name: sql`0::float8`,
  lastSeen: sql`floor(coalesce(extract(epoch from h.last_seen_at), 0) * 1000)::float8`,
  rejectRate: TenantPrisma.raw(`-floor(coalesce(${rejectRate}, 0) * 1000000)::float8`),
};

@Injectable()
export class DevicesRepository {
  /** Sorted, and by their names where that leaves a choice. */
  list(tx: TenantTx, filter: DeviceFilter, { order, after }: DevicePosition, take: number): Promise<DeviceRow[]> {
    const rank = ranks[order];
    const later = after === undefined ? empty : sql`and (${rank}, d.external_id) > (${after.rank}, ${after.name})`;
    return tx.$queryRaw<DeviceRow[]>`
      select ${columns}, ${rank} as rank ${matching(tx, filter)} ${later} order by rank, d.external_id limit ${take}`;
  }

  async count(tx: TenantTx, filter: DeviceFilter): Promise<number> {
    const [row] = await tx.$queryRaw<{ total: number }[]>`select count(*)::int as total ${matching(tx, filter)}`;
    return row?.total ?? 0;
  }

  /** @throws `device.not-found` */
  async require(tx: TenantTx, id: string, within: readonly string[] | undefined): Promise<DeviceRow> {
    const [device] = await this.list(tx, { id, within }, { order: 'name', after: undefined }, 1);
    if (!device) throw deviceError('device.not-found');
    return device;
  }

  /** Makes changes to what one device is used for happen one after another. */
  async lock(tx: TenantTx, id: string): Promise<void> {
    await tx.$queryRaw`
      select id from ${schemaSql(tx.hospital)}.device where id = ${id}::uuid for no key update`;
  }

  /** @throws `device.external-id-taken` */
  async insert(tx: TenantTx, { by, ...values }: NewDevice): Promise<string> {
    const data = { id: uuidv7(), ...values, createdBy: by, updatedBy: by };
    const { id } = await tx.device.create({ data, select: { id: true } }).catch(translate);
    return id;
  }

  /** False when the device is not of that version any more. @throws `device.external-id-taken` */
  async update(
    tx: TenantTx,
    { id, version, by }: { readonly id: string; readonly version: number; readonly by: string },
    values: DeviceValues,
  ): Promise<boolean> {
    const data = { ...values, updatedBy: by };
    const { count } = await tx.device.updateMany({ where: { id, version }, data }).catch(translate);
    return count === 1;
  }
}

function matching(tx: TenantTx, filter: DeviceFilter): TenantPrisma.Sql {
  const { within, id, q, gatewayId, status, wardId, unassigned, silent } = filter;
  const schema = schemaSql(tx.hospital);
  const conditions = [
    within && sql`(a.id is null or a.ward_id = any(${[...within]}::uuid[]))`,
    id !== undefined && sql`d.id = ${id}::uuid`,
    q !== undefined && searching(q),
    gatewayId !== undefined && sql`d.gateway_id = ${gatewayId}::uuid`,
    status !== undefined && sql`d.status = ${status}`,
    wardId !== undefined && sql`a.ward_id = ${wardId}::uuid`,
    silent !== undefined && sql`${TenantPrisma.raw(isSilent)} = ${silent}`,
    unassigned !== undefined && (unassigned ? sql`a.id is null` : sql`a.id is not null`),
  ].filter((condition) => condition !== undefined && condition !== false);
  return sql`
    from ${schema}.device d
    left join ${schema}.device_assignment a on a.device_id = d.id and a.valid @> now()
    left join ${schema}.device_health h on h.device_no = d.device_no
   where ${join([sql`true`, ...conditions], ' and ')}`;
}

function searching(q: string): TenantPrisma.Sql {
  const pattern = `%${likeLiteral(q)}%`;
  return sql`concat_ws(' ', d.external_id, d.manufacturer, d.model, d.serial_number) ilike ${pattern}`;
}

function translate(err: unknown): never {
  if (constraintOf(err) === 'device_external_id_key') throw deviceError('device.external-id-taken', { cause: err });
  throw err;
}
