import { ApiProperty } from '@nestjs/swagger';
import { admissionStates, bedStatuses, type AdmissionState, type BedStatus } from '@hms/contracts';
import { bedClasses } from '../inpatient.terms.js';

export class OccupantDto {
  @ApiProperty({ format: 'uuid' })
  admissionId: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  mrn: string;
  name: string;
  @ApiProperty({ enum: admissionStates })
  state: AdmissionState;
  /** In this bed. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  since: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  expectedDischarge: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  attendingId: string | null;
  /** The ward that is asked to take the patient. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  transferToWardId: string | null;
  /** Null for those who may not read vitals. */
  @ApiProperty({ type: Number, nullable: true })
  openAlarms: number | null;
  /** The newest NEWS2: null when there is none, when it is incomplete, and for those who may not read vitals. */
  @ApiProperty({ type: Number, nullable: true })
  news2: number | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  news2At: string | null;
}

export class BoardBedDto {
  @ApiProperty({ format: 'uuid' })
  bedId: string;
  label: string;
  @ApiProperty({ type: String, nullable: true })
  roomName: string | null;
  @ApiProperty({ enum: bedClasses })
  class: string;
  @ApiProperty({ enum: bedStatuses })
  status: BedStatus;
  @ApiProperty({ type: String, nullable: true })
  blockedReason: string | null;
  /** Who lies in it; of a reserved bed, for whom it is kept. */
  @ApiProperty({ type: OccupantDto, nullable: true })
  occupant: OccupantDto | null;
}

export class AwaitedDto {
  @ApiProperty({ format: 'uuid' })
  admissionId: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  mrn: string;
  name: string;
  @ApiProperty({ enum: admissionStates })
  state: AdmissionState;
  urgency: string;
  @ApiProperty({ type: String, enum: bedClasses, nullable: true })
  bedClass: string | null;
  /** The ward they lie on; null for those who are not admitted yet. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  fromWardId: string | null;
}

export class WardBoardDto {
  @ApiProperty({ format: 'uuid' })
  wardId: string;
  /** By label. */
  beds: BoardBedDto[];
  /** Whom this ward was asked to take, the most urgent first. */
  awaited: AwaitedDto[];
  /** When it was so. */
  @ApiProperty({ format: 'date-time' })
  at: string;
}
