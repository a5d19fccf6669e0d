import { randomBytes } from 'node:crypto';
import { formatGatewayKey, hashSecret, newGatewayKey } from '@hms/auth';
import { provisionHospital, repeatVictims, schemaOf, type Hospital } from '@hms/database';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { variable } from './environment.js';

export interface TestGateway {
  readonly id: string;
  /** What it sends as its bearer token. */
  readonly key: string;
}

export interface TestDevice {
  /** The name a gateway sends. */
  readonly name: string;
  readonly no: number;
  readonly patientId: string;
}

/** A hospital of its own for one test file, with one ward. */
export class TestHospital {
  private constructor(
    private connection: pg.Client,
    readonly hospital: Hospital,
    readonly wardId: string,
  ) {}

  get owner(): pg.Client {
    return this.connection;
  }

  /** Is seen in another database from now on, such as one that was restored. */
  async moveTo(ownerUrl: string): Promise<void> {
    await this.connection.end();
    this.connection = new pg.Client({ connectionString: ownerUrl });
    await this.connection.connect();
  }

  /** @param url of the database's owner, direct */
  static async create(url = variable('DATABASE_DIRECT_URL')): Promise<TestHospital> {
    const slug = `t_${randomBytes(6).toString('hex')}`;
    const owner = new pg.Client({ connectionString: url });
    await owner.connect();
    const details = { name: slug, country: 'IE', currency: 'EUR', timezone: 'Europe/Dublin' };
    const hospital = await provisionHospital(owner, { id: uuidv7(), slug, ...details });
    const wardId = uuidv7();
    await owner.query(`insert into ${schemaOf(hospital.slug)}.ward (id, code, name) values ($1, 'W1', 'Ward 1')`, [
      wardId,
    ]);
    return new TestHospital(owner, hospital, wardId);
  }

  get schema(): string {
    return schemaOf(this.hospital.slug);
  }

  async addGateway({ expiresAt = null as Date | null } = {}): Promise<TestGateway> {
    const id = uuidv7();
    await this.owner.query('insert into public.gateway (id, hospital_id, name) values ($1, $2, $3)', [
      id,
      this.hospital.id,
      id,
    ]);
    return { id, key: await this.addKey(id, expiresAt) };
  }

  async addKey(gatewayId: string, expiresAt: Date | null = null): Promise<string> {
    const key = newGatewayKey();
    await this.owner.query(
      `insert into public.gateway_key (key_id, hospital_id, gateway_id, secret_hash, expires_at) values ($1, $2, $3, $4, $5)`,
      [key.keyId, this.hospital.id, gatewayId, hashSecret(key.secret), expiresAt],
    );
    return formatGatewayKey(key);
  }

  addDevices(gateway: TestGateway, count: number): Promise<TestDevice[]> {
    return this.addDevicesNamed(
      gateway,
      Array.from({ length: count }, () => `mon-${uuidv7().slice(-12)}`),
    );
  }

  /** Devices that each hang on a patient of their own, for the last ten days and until further notice. */
  async addDevicesNamed(gateway: TestGateway, names: readonly string[]): Promise<TestDevice[]> {
    const devices = names.map((name) => ({ id: uuidv7(), patientId: uuidv7(), name }));
    for (const { id, patientId, name } of devices) {
      await this.owner.query(
        `insert into ${this.schema}.device (id, external_id, gateway_id, kind, created_by, updated_by)
         values ($1, $2, $3, 'bedside-monitor', $3, $3)`,
        [id, name, gateway.id],
      );
      await this.addPatient(patientId);
      await this.assign(name, patientId, { from: new Date(Date.now() - 10 * 24 * 3_600_000) });
    }
    const { rows } = await this.owner.query<{ name: string; no: number }>(
      `select external_id as name, device_no as no from ${this.schema}.device where id = any($1)`,
      [devices.map(({ id }) => id)],
    );
    const numbers = new Map(rows.map(({ name, no }) => [name, no]));
    return devices.map(({ name, patientId }) => ({ name, patientId, no: numbers.get(name) ?? 0 }));
  }

  async addPatient(id = uuidv7()): Promise<string> {
    await this.owner.query(
      `insert into ${this.schema}.patient (id, mrn, family_name, given_name, created_by, updated_by)
       values ($1, $2, 'Test', 'Patient', $1, $1)`,
      [id, id.slice(-12)],
    );
    return id;
  }

  async assign(device: string, patientId: string, valid: { from: Date; until?: Date }): Promise<void> {
    await this.owner.query(
      `insert into ${this.schema}.device_assignment (id, device_id, patient_id, ward_id, valid, created_by)
       select $1, d.id, $3, $4, tstzrange($5, $6), $1 from ${this.schema}.device d where d.external_id = $2`,
      [uuidv7(), device, patientId, this.wardId, valid.from, valid.until ?? null],
    );
  }

  /** Moves the device to another patient, all in one statement's time. */
  async reassign(device: string, patientId: string, at: Date, beforeCommit = (): unknown => undefined): Promise<void> {
    await this.owner.query('begin');
    await this.owner.query(
      `update ${this.schema}.device_assignment a set valid = tstzrange(lower(valid), $2)
         from ${this.schema}.device d where d.id = a.device_id and d.external_id = $1 and upper_inf(a.valid)`,
      [device, at],
    );
    await this.assign(device, patientId, { from: at });
    await beforeCommit();
    await this.owner.query('commit');
  }

  async rows<T extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    const { rows } = await this.owner.query<T>(sql.replaceAll('{schema}', this.schema), parameters);
    return rows;
  }

  async count(table: string, where = 'true', parameters: unknown[] = []): Promise<number> {
    const [row] = await this.rows<{ n: number }>(
      `select count(*)::int as n from {schema}.${table} where ${where}`,
      parameters,
    );
    return row?.n ?? 0;
  }

  /** A number for what each table of the schema holds: the same for as long as nothing is written. */
  async contents(): Promise<Readonly<Record<string, string>>> {
    const tables = await this.rows<{ name: string }>(
      `select format('%I', relname) as name from pg_class
        where relnamespace = $1::regnamespace and relkind in ('r', 'p') and not relispartition
          and relname not in ('vitals_dirty', 'vitals_rollup', 'vitals_1m', 'vitals_15m')`,
      [this.schema],
    );
    const parts = tables.map(
      ({ name }) =>
        `select ${pg.escapeLiteral(name)} as name, concat(count(*), ':', sum(hashtextextended(t::text, 0))) as hash
           from {schema}.${name} t`,
    );
    const rows = await this.rows<{ name: string; hash: string }>(parts.join(' union all '));
    return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]));
  }

  /** Others drop theirs at the same time, which may be a deadlock. */
  async drop(): Promise<void> {
    await repeatVictims(() => this.#drop());
    await this.owner.end();
  }

  async #drop(): Promise<void> {
    await this.owner.query(`drop schema if exists ${this.schema} cascade`);
    await this.owner.query(
      'delete from sync.number_block where device_id in (select id from sync.device where hospital_id = $1)',
      [this.hospital.id],
    );
    const shared = ['alarm_agenda', 'hl7_source', 'gateway_key', 'gateway', 'ingest_epoch', 'session', 'membership'];
    for (const table of ['sync.device', ...shared.map((name) => `public.${name}`)]) {
      await this.owner.query(`delete from ${table} where hospital_id = $1`, [this.hospital.id]);
    }
    await this.owner.query('delete from public.hospital where id = $1', [this.hospital.id]);
    await this.owner.query(`drop role if exists ${this.schema}`);
  }
}
