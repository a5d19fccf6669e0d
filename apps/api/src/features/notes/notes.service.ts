import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page } from '../../platform/http/page.js';
import { RegisteredPatients } from '../patients/registered-patients.service.js';
import { assertFollows } from './note.policy.js';
import type { CreateNoteDto, NoteDetailDto, NoteDto, NotesQueryDto, VoidNoteDto } from './notes.dto.js';
import { noteError } from './notes.errors.js';
import { NotesRepository, type NoteRow } from './notes.repository.js';

/** Where a note is: in the record of `patientId`. */
export interface NotePath {
  readonly patientId: string;
  readonly id: string;
}

type NoteEvent = 'note.written' | 'note.signed' | 'note.voided';

/** What is written about a patient. A text never changes: it is revised until it is signed, and added to afterwards. */
@Injectable()
export class NotesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly patients: RegisteredPatients,
    private readonly notes: NotesRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Newest first, errors among them. @throws `patient.not-found` */
  list(actor: HospitalActor, patientId: string, query: NotesQueryDto): Promise<Page<NoteDto>> {
    const { limit, cursor, ...filter } = query;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { micros: 'integer', id: 'uuid' });
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.patients.require(tx, patientId);
      const rows = await this.notes.list(tx, { ...filter, patientId }, before, limit + 1);
      return toPage(rows, limit, toNoteDto, ({ micros, id }) => [Number(micros), id]);
    });
  }

  /** The note and all that follows it. @throws `patient.not-found` or `note.not-found` */
  get(actor: HospitalActor, path: NotePath): Promise<NoteDetailDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const note = await this.#require(tx, path);
      return { ...toNoteDto(note), revisions: (await this.notes.listFollowing(tx, note.id)).map(toNoteDto) };
    });
  }

  /** @throws `patient.not-found`, `note.signed`, `note.unsigned` or `request.invalid` */
  write(actor: HospitalActor, patientId: string, command: CreateNoteDto): Promise<NoteDto> {
    assertFollows(command);
    const { relation = 'original', parentId = null, encounterId = null, kind, text, recordedAt = new Date() } = command;
    const note = { id: uuidv7(), patientId, parentId, relation, encounterId, kind, text, recordedAt };
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.patients.require(tx, patientId);
      return this.#tell(tx, actor, 'note.written', await this.notes.insert(tx, note, actor.userId));
    });
  }

  /** @throws `patient.not-found`, `note.not-found`, `note.signed` or `note.voided` */
  sign(actor: HospitalActor, path: NotePath): Promise<NoteDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, path);
      const signed = await this.notes.sign(tx, path.id, actor.userId, new Date());
      if (signed) return this.#tell(tx, actor, 'note.signed', signed);
      const { status } = await this.#require(tx, path);
      throw noteError(status === 'current' ? 'note.signed' : 'note.voided');
    });
  }

  /** @throws `patient.not-found`, `note.not-found` or `note.voided` */
  void(actor: HospitalActor, path: NotePath, { reason }: VoidNoteDto): Promise<NoteDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, path);
      const voided = await this.notes.void(tx, path.id, actor.userId, reason);
      if (!voided) throw noteError('note.voided');
      return this.#tell(tx, actor, 'note.voided', voided);
    });
  }

  async #require(tx: TenantTx, { patientId, id }: NotePath): Promise<NoteRow> {
    await this.patients.require(tx, patientId);
    const note = await this.notes.find(tx, patientId, id);
    if (!note) throw noteError('note.not-found');
    return note;
  }

  async #tell(tx: TenantTx, actor: HospitalActor, type: NoteEvent, note: NoteRow): Promise<NoteDto> {
    const { id, patientId, version } = note;
    await this.outbox.add(tx, eventBy(actor, type, { id, patientId, version }));
    return toNoteDto(note);
  }
}

const toNoteDto = (row: NoteRow): NoteDto => ({
  id: row.id,
  patientId: row.patientId,
  parentId: row.parentId,
  relation: row.relation,
  encounterId: row.encounterId,
  kind: row.kind,
  text: row.text,
  authorId: row.createdBy,
  recordedAt: row.recordedAt.toISOString(),
  clockSuspect: row.clockSuspect,
  signedAt: row.signedAt?.toISOString() ?? null,
  signedBy: row.signedBy,
  status: row.status,
  statusReason: row.statusReason,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
