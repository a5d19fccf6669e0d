import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { wardError } from './wards.errors.js';

const wardColumns = {
  id: true,
  code: true,
  name: true,
  active: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const;
const bedColumns = { id: true, wardId: true, label: true, active: true } as const;

export interface WardFilter {
  /** Only these wards; undefined means all. */
  readonly within: readonly string[] | undefined;
  readonly active: boolean | undefined;
}

export interface WardChange {
  readonly code?: string;
  readonly name?: string;
  readonly active?: boolean;
}

export interface WardPatientRow {
  readonly patientId: string;
  readonly mrn: string;
  readonly name: string;
  readonly bedLabel: string | null;
  readonly devices: string[];
}

@Injectable()
export class WardsRepository {
  /** In the order of their codes. */
  list(tx: TenantTx, filter: WardFilter, after: string | undefined, take: number) {
    const where = { AND: [matching(filter), after === undefined ? {} : { code: { gt: after } }] };
    return tx.ward.findMany({ where, select: wardColumns, orderBy: { code: 'asc' }, take });
  }

  count(tx: TenantTx, filter: WardFilter): Promise<number> {
    return tx.ward.count({ where: matching(filter) });
  }

  find(tx: TenantTx, id: string) {
    return tx.ward.findUnique({ where: { id }, select: wardColumns });
  }

  /** @throws `ward.code-taken` */
  insert(tx: TenantTx, ward: { readonly code: string; readonly name: string; readonly createdBy: string }) {
    return tx.ward.create({ data: { id: uuidv7(), ...ward }, select: wardColumns }).catch(translate);
  }

  /** The changed ward, or undefined when it is not of that version any more. @throws `ward.code-taken` */
  async update(tx: TenantTx, id: string, version: number, change: WardChange) {
    const [ward] = await tx.ward
      .updateManyAndReturn({ where: { id, version }, data: change, select: wardColumns })
      .catch(translate);
    return ward;
  }

  /** In the order of their labels. */
  listBeds(tx: TenantTx, wardId: string, after: string | undefined, take: number) {
    const where = { wardId, ...(after === undefined ? {} : { label: { gt: after } }) };
    return tx.bed.findMany({ where, select: bedColumns, orderBy: { label: 'asc' }, take });
  }

  /** @throws `bed.label-taken` */
  insertBed(tx: TenantTx, bed: { readonly wardId: string; readonly label: string }) {
    return tx.bed.create({ data: { id: uuidv7(), ...bed }, select: bedColumns }).catch(translate);
  }

  /** Who wears a device of this ward at this moment, by bed and name. */
  patientsNow(tx: TenantTx, wardId: string): Promise<WardPatientRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<WardPatientRow[]>`
      select p.id as "patientId", p.mrn, p.given_name || ' ' || p.family_name as name,
             min(b.label) as "bedLabel", array_agg(d.external_id order by d.external_id) as devices
        from ${schema}.device_assignment a
        join ${schema}.patient p on p.id = a.patient_id and p.deleted_at is null
        join ${schema}.device d on d.id = a.device_id
        left join ${schema}.bed b on b.id = a.bed_id
       where a.ward_id = ${wardId}::uuid and a.valid @> now()
       group by p.id
       order by min(b.label) nulls last, p.family_name, p.given_name, p.id`;
  }
}

const matching = ({ within, active }: WardFilter): TenantPrisma.WardWhereInput => ({
  ...(within === undefined ? {} : { id: { in: [...within] } }),
  ...(active === undefined ? {} : { active }),
});

function translate(err: unknown): never {
  switch (constraintOf(err)) {
    case 'ward_code_key':
      throw wardError('ward.code-taken', { cause: err });
    case 'bed_ward_id_label_key':
      throw wardError('bed.label-taken', { cause: err });
    default:
      throw err;
  }
}

export type WardRow = NonNullable<Awaited<ReturnType<WardsRepository['find']>>>;
export type BedRow = Awaited<ReturnType<WardsRepository['insertBed']>>;
