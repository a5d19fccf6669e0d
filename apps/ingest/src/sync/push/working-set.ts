import type { SyncEntityName } from '@hms/contracts';
import { columnsOf } from '../entities/fields.js';
import { entities } from '../entities/registry.js';
import { type Fields, type Row, saidAnew, same } from '../entities/row.js';
import { Schedules } from '../schedules/schedules.js';

/** Where a patient lies, and whether their record still is one. */
export interface Placement {
  readonly wardId: string | null;
  readonly deleted: boolean;
}

/** A row to be inserted or updated. The rows of one wave are different rows. */
export interface Write {
  readonly entity: SyncEntityName;
  readonly kind: 'insert' | 'update';
  readonly wave: number;
  readonly row: Row;
  /** What is stored, by column: all of a new row, of others what changes. */
  readonly columns: Fields;
}

interface Author {
  readonly userId: string;
  readonly deviceId: string;
}

const keyOf = (entity: SyncEntityName, id: string): string => `${entity} ${id}`;

/** Rows as they stand while ops are applied to them one after another, and what is to be written in the end. */
export class WorkingSet {
  #rows = new Map<string, Row>();
  #placements = new Map<string, Placement>();
  /** Versions by device and row. */
  #own = new Map<string, ReadonlySet<number>>();
  #writes: Write[] = [];
  /** How many changes of a row there are to be written. */
  #waves = new Map<string, number>();

  constructor(readonly schedules = Schedules.none) {}

  /** To try something that may be given up. */
  fork(): WorkingSet {
    const fork = new WorkingSet(this.schedules);
    fork.#rows = new Map(this.#rows);
    fork.#placements = new Map(this.#placements);
    fork.#own = new Map(this.#own);
    fork.#writes = [...this.#writes];
    fork.#waves = new Map(this.#waves);
    return fork;
  }

  get writes(): readonly Write[] {
    return this.#writes;
  }

  load(entity: SyncEntityName, row: Row): void {
    this.#rows.set(keyOf(entity, row.id), row);
  }

  place(patientId: string, placement: Placement): void {
    this.#placements.set(patientId, placement);
  }

  loadOwn(deviceId: string, rowId: string, version: number): void {
    const key = `${deviceId} ${rowId}`;
    this.#own.set(key, new Set([...(this.#own.get(key) ?? []), version]));
  }

  find(entity: SyncEntityName, id: string): Row | undefined {
    return this.#rows.get(keyOf(entity, id));
  }

  ofPatient(entity: SyncEntityName, patientId: string): Row[] {
    return [...this.#rows].flatMap(([key, row]) =>
      row.patientId === patientId && key.startsWith(`${entity} `) ? [row] : [],
    );
  }

  placement(patientId: string): Placement | undefined {
    return this.#placements.get(patientId);
  }

  own(deviceId: string, rowId: string): ReadonlySet<number> {
    return this.#own.get(`${deviceId} ${rowId}`) ?? new Set();
  }

  insert(entity: SyncEntityName, id: string, given: Fields, by: Author): Row {
    const { fields: known, defaults, authored } = entities[entity];
    const fields = { ...defaults, ...given };
    const patientId = entity === 'patients' ? id : String(fields['patientId']);
    const row = { id, patientId, version: 1, fields, fieldVersions: {}, deleted: false };
    const columns = Object.assign(
      {},
      ...Object.keys(known).map((name) => columnsOf(known, name, fields[name])),
    ) as Fields;
    const author = authored ? { created_by: by.userId, updated_by: by.userId } : {};
    this.#keep({ entity, kind: 'insert', row, columns: { ...columns, ...author, id } }, by);
    return row;
  }

  update(entity: SyncEntityName, before: Row, changes: Fields, by: Author): Row {
    const version = before.version + 1;
    const { fields: known, authored } = entities[entity];
    const changed = Object.keys(changes).filter((name) => !same(before.fields[name], changes[name]));
    const columns = Object.assign({}, ...changed.map((name) => columnsOf(known, name, changes[name]))) as Fields;
    const stamps = Object.fromEntries(Object.keys(columns).map((column) => [column, version]));
    const row = {
      ...before,
      version,
      fields: { ...before.fields, ...changes },
      fieldVersions: { ...before.fieldVersions, ...stamps },
      deleted: before.deleted || (changes['deletedAt'] ?? null) !== null,
    };
    const author = authored ? { updated_by: by.userId } : {};
    this.#keep({ entity, kind: 'update', row, columns: { ...columns, ...author, id: row.id } }, by);
    return row;
  }

  /** Notes that somebody said once more what the row says. */
  affirm(entity: SyncEntityName, before: Row, by: Author): Row {
    const version = before.version + 1;
    const fieldVersions = { ...before.fieldVersions, [saidAnew]: version };
    const row = { ...before, version, fieldVersions };
    const columns = { id: row.id, updated_by: by.userId, field_versions: fieldVersions };
    this.#keep({ entity, kind: 'update', row, columns }, by);
    return row;
  }

  #keep(write: Omit<Write, 'wave'>, { deviceId }: Author): void {
    const { entity, row } = write;
    const key = keyOf(entity, row.id);
    const wave = this.#waves.get(key) ?? 0;
    this.#waves.set(key, wave + 1);
    this.#writes.push({ ...write, wave });
    this.#rows.set(key, row);
    this.loadOwn(deviceId, row.id, row.version);
    if (entity !== 'patients') return;
    const wardId = (row.fields['wardId'] ?? null) as string | null;
    this.#placements.set(row.id, { wardId, deleted: row.deleted });
  }
}
