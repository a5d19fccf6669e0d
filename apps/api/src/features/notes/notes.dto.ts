import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, MinLength } from 'class-validator';
import { IfPresent, IsId, IsLine, IsText } from '../../platform/http/fields.js';
import { IsInstant } from '../../platform/http/instant.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { IsPastInstant } from '../patients/patient.fields.js';
import { noteKinds, noteRelations, noteStatuses, type NoteKind, type NoteRelation } from './note.terms.js';

export class CreateNoteDto {
  /** A `revision` corrects a note that is not signed yet, an `addendum` adds to one that is. */
  @IfPresent()
  @IsIn(noteRelations)
  @ApiPropertyOptional({ enum: noteRelations, default: 'original' })
  relation?: NoteRelation;

  /** What is revised or added to. */
  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  parentId?: string;

  /** What it was written in. */
  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  encounterId?: string;

  @IsIn(noteKinds)
  @ApiProperty({ enum: noteKinds })
  kind: NoteKind;

  @IsText(20_000)
  text: string;

  /** When it was written; now when absent. */
  @IfPresent()
  @IsPastInstant()
  recordedAt?: Date;
}

export class VoidNoteDto {
  /** What was wrong, of at least three characters. */
  @MinLength(3)
  @IsLine(500)
  reason: string;
}

export class NotesQueryDto extends PageQueryDto {
  @IfPresent()
  @IsIn(noteKinds)
  @ApiPropertyOptional({ enum: noteKinds })
  kind?: NoteKind;

  /** Who wrote it. */
  @IfPresent()
  @IsId()
  authorId?: string;

  /** Written at this time or later. */
  @IsOptional()
  @IsInstant()
  from?: Date;

  /** Exclusive. */
  @IsOptional()
  @IsInstant()
  to?: Date;
}

export class NoteDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  /** What is revised or added to; null for an original. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  parentId: string | null;
  @ApiProperty({ enum: noteRelations })
  relation: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  encounterId: string | null;
  @ApiProperty({ enum: noteKinds })
  kind: string;
  text: string;
  @ApiProperty({ format: 'uuid' })
  authorId: string;
  /** When it was written, by the clock of the device it was written on. */
  @ApiProperty({ format: 'date-time' })
  recordedAt: string;
  /** Whether that clock may have been wrong. */
  clockSuspect: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  signedAt: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  signedBy: string | null;
  @ApiProperty({ enum: noteStatuses })
  status: string;
  /** Why it was called an error. */
  @ApiProperty({ type: String, nullable: true })
  statusReason: string | null;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class NotePageDto {
  @ApiProperty({ type: [NoteDto] })
  items: NoteDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class NoteDetailDto extends NoteDto {
  /** All that follows the note, directly or not, in the order it was written: without it, the text would mislead. */
  @ApiProperty({ type: [NoteDto] })
  revisions: NoteDto[];
}
