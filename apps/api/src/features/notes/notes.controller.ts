import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { CreateNoteDto, NoteDetailDto, NoteDto, NotePageDto, NotesQueryDto, VoidNoteDto } from './notes.dto.js';
import { NotesService } from './notes.service.js';

@ApiTags('Notes')
@Controller('api/v1/patients/:id/notes')
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  /**
   * What was written about a patient, newest first.
   * @remarks Notes that were revised or called an error are among them: look at `parentId` and `status`.
   * @throws {404} `patient.not-found`
   */
  @Get()
  @Access('note:read')
  @Audited({ action: 'read', entity: 'note' })
  @Returns(200, NotePageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: NotesQueryDto,
  ): Promise<NotePageDto> {
    return this.notes.list(actor, id, query);
  }

  /**
   * Writes a note, revises one that is not signed yet, or adds to one that is.
   * @throws {404} `patient.not-found`
   * @throws {409} `note.signed`, `note.unsigned`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('note:write')
  @Audited({ action: 'create', entity: 'note' })
  @Idempotent()
  @Returns(201, NoteDto)
  write(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: CreateNoteDto,
  ): Promise<NoteDto> {
    return this.notes.write(actor, id, command);
  }

  /**
   * One note, with its revisions and addenda.
   * @throws {404} `patient.not-found`, `note.not-found`
   */
  @Get(':noteId')
  @Access('note:read')
  @Audited({ action: 'read', entity: 'note' })
  @Returns(200, NoteDetailDto)
  get(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('noteId', UuidPipe) id: string,
  ): Promise<NoteDetailDto> {
    return this.notes.get(actor, { patientId, id });
  }

  /**
   * Signs a note, once. It is only added to from then on.
   * @throws {404} `patient.not-found`, `note.not-found`
   * @throws {409} `note.signed`, `note.voided`
   */
  @Post(':noteId/signature')
  @Access('note:write')
  @Audited({ action: 'update', entity: 'note' })
  @Returns(200, NoteDto)
  sign(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('noteId', UuidPipe) id: string,
  ): Promise<NoteDto> {
    return this.notes.sign(actor, { patientId, id });
  }

  /**
   * Calls a note an error. It stays in sight.
   * @throws {404} `patient.not-found`, `note.not-found`
   * @throws {409} `note.voided`
   */
  @Post(':noteId/void')
  @Access('note:write')
  @Audited({ action: 'update', entity: 'note' })
  @Returns(200, NoteDto)
  void(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('noteId', UuidPipe) id: string,
    @Body() command: VoidNoteDto,
  ): Promise<NoteDto> {
    return this.notes.void(actor, { patientId, id }, command);
  }
}
