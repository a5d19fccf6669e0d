import { vitalSigns } from '@hms/contracts';
import { schemaOf, type Hospital } from '@hms/database';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { asOwner } from './test-hospital.js';

/** A device on a patient. */
export interface Monitor {
  readonly deviceId: string;
  readonly deviceNo: number;
  readonly externalId: string;
}

/** Furnishes a hospital past the API: wards, patients, and devices they wear. */
export class TestWards {
  constructor(private readonly hospital: Hospital) {}

  async ward(name = 'Ward'): Promise<string> {
    const id = uuidv7();
    const code = `W-${id.slice(-12).toUpperCase()}`;
    await this.#run('insert into {schema}.ward (id, code, name) values ($1, $2, $3)', [id, code, name]);
    return id;
  }

  async bed(wardId: string, label: string): Promise<string> {
    const id = uuidv7();
    await this.#run('insert into {schema}.bed (id, ward_id, label) values ($1, $2, $3)', [id, wardId, label]);
    return id;
  }

  async patient(familyName = 'Muster'): Promise<string> {
    const id = uuidv7();
    await this.#run(
      `insert into {schema}.patient (id, mrn, family_name, given_name, created_by, updated_by)
       values ($1, $2, $3, 'Test', $1, $1)`,
      [id, id.slice(-12), familyName],
    );
    return id;
  }

  async gateway(name: string = uuidv7()): Promise<string> {
    const id = uuidv7();
    await this.#run('insert into public.gateway (id, hospital_id, name) values ($1, $2, $3)', [
      id,
      this.hospital.id,
      name,
    ]);
    return id;
  }

  async device(gatewayId?: string): Promise<Monitor> {
    const deviceId = uuidv7();
    const externalId = `mon-${deviceId.slice(-12)}`;
    const { rows } = await this.#run<{ device_no: number }>(
      `insert into {schema}.device (id, external_id, gateway_id, kind, created_by, updated_by)
       values ($1, $2, $3, 'bedside-monitor', $1, $1) returning device_no`,
      [deviceId, externalId, gatewayId ?? (await this.gateway())],
    );
    return { deviceId, externalId, deviceNo: rows[0]?.device_no ?? 0 };
  }

  /** A range such as `[2026-01-01Z,)`; from yesterday on when absent. */
  async assign(
    deviceId: string,
    patientId: string,
    { wardId, bedId, valid }: { wardId: string; bedId?: string; valid?: string },
  ): Promise<string> {
    const id = uuidv7();
    await this.#run(
      `insert into {schema}.device_assignment (id, device_id, patient_id, ward_id, bed_id, valid, created_by)
       values ($1, $2, $3, $4, $5, coalesce($6, '[' || (now() - interval '1 day')::text || ',)')::tstzrange, $1)`,
      [id, deviceId, patientId, wardId, bedId ?? null, valid ?? null],
    );
    return id;
  }

  /** A patient on the ward with a device of its own. */
  async monitored(wardId: string, familyName?: string): Promise<Monitor & { readonly patientId: string }> {
    const patientId = await this.patient(familyName);
    const monitor = await this.device();
    await this.assign(monitor.deviceId, patientId, { wardId });
    return { patientId, ...monitor };
  }

  /** What `vitals_latest` shows. */
  async latest(patientId: string, values: Readonly<Record<string, number>>, recordedAt = new Date()): Promise<void> {
    for (const { code, column } of vitalSigns) {
      if (values[code] === undefined) continue;
      await this.#run(
        `insert into {schema}.vitals_newest (patient_id, ${column}, ${column}_at) values ($1, $2, $3)
         on conflict (patient_id) do update set ${column} = excluded.${column}, ${column}_at = excluded.${column}_at`,
        [patientId, values[code], recordedAt],
      );
    }
  }

  query<Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.#run<Row>(sql, parameters).then(({ rows }) => rows);
  }

  /** `{schema}` stands for the hospital's own. */
  #run<Row extends pg.QueryResultRow>(sql: string, parameters: unknown[]): Promise<pg.QueryResult<Row>> {
    const statement = sql.replaceAll('{schema}', schemaOf(this.hospital.slug));
    return asOwner((owner) => owner.query<Row>(statement, parameters));
  }
}
