import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { appointmentStatuses, type AppointmentStatus } from '@hms/contracts';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsOptional, MinLength } from 'class-validator';
import { IfPresent, IsId, IsLine, IsText } from '../../platform/http/fields.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { IsZone } from '../../platform/http/zone.js';
import { IsPhone } from '../patients/patient.fields.js';
import { IsCalendarInstant, IsDayOrInstant, type DayOrInstant } from '../scheduling/scheduling.fields.js';

/** What is written with an appointment. Names in snake case are those of Medico24 clients. */
class AppointmentDetailsDto {
  @IsOptional()
  @IsLine(500)
  reason?: string | null;

  @IsOptional()
  @IsText(2_000)
  notes?: string | null;

  @IsOptional()
  @IsPhone()
  contactPhone?: string | null;

  /** As it is shown, from staff; without `providerId`, whom a new appointment is with. */
  @IfPresent()
  @IsLine(200)
  doctorName?: string;

  /** As it is shown, from staff; the site's name when absent. */
  @IfPresent()
  @IsLine(200)
  clinicName?: string;

  @IsOptional()
  @IsPhone()
  contact_phone?: string | null;

  @IfPresent()
  @IsLine(200)
  doctor_name?: string;

  @IfPresent()
  @IsLine(200)
  clinic_name?: string;

  /** `start`. */
  @IfPresent()
  @IsCalendarInstant()
  appointment_at?: Date;

  /** Has no effect: the service says how long it takes. */
  @IsOptional()
  @IsCalendarInstant()
  appointment_end?: Date | null;

  @IfPresent()
  @IsId()
  providerId?: string;

  /** May be absent when the provider offers one service only at that time. */
  @IfPresent()
  @IsId()
  serviceId?: string;

  @IfPresent()
  @IsCalendarInstant()
  start?: Date;

  /** Rooms and devices it takes too. Not for patients. */
  @IfPresent()
  @IsArray()
  @ArrayMaxSize(10)
  @ArrayUnique()
  @IsId({ each: true })
  @ApiPropertyOptional({ type: [String], format: 'uuid' })
  resourceIds?: string[];

  /** Books it beside others or outside the schedule, for this reason of at least three characters. Not for patients. */
  @IfPresent()
  @MinLength(3)
  @IsLine(500)
  overbookReason?: string;
}

export class BookAppointmentDto extends AppointmentDetailsDto {
  /** The caller's own record when absent. */
  @IfPresent()
  @IsId()
  patientId?: string;

  /** Only keeps the time for some minutes: set the status to `booked` before `holdExpiresAt`. */
  @IfPresent()
  @IsBoolean()
  hold?: boolean;

  /** Where it was booked, such as `mobile`. */
  @IfPresent()
  @IsLine(50)
  source?: string;
}

/** Absent means unchanged. Another `start`, provider, service, room or device makes a new appointment in its place. */
export class ChangeAppointmentDto extends OmitType(AppointmentDetailsDto, []) {}

/** Medico24 clients say `scheduled` for `booked`. */
const wireStatuses = [...appointmentStatuses, 'scheduled'] as const;

export class ChangeStatusDto {
  @IsIn(wireStatuses)
  @ApiProperty({ enum: wireStatuses })
  status: AppointmentStatus | 'scheduled';

  /** Why; needed for `entered_in_error`. */
  @IsOptional()
  @IsLine(500)
  reason?: string | null;
}

export class AppointmentsQueryDto extends PageQueryDto {
  @IfPresent()
  @IsId()
  patientId?: string;

  @IfPresent()
  @IsId()
  providerId?: string;

  @IfPresent()
  @IsId()
  serviceId?: string;

  @IfPresent()
  @IsId()
  siteId?: string;

  @IfPresent()
  @IsIn(wireStatuses)
  @ApiPropertyOptional({ enum: wireStatuses })
  status?: AppointmentStatus | 'scheduled';

  /** A day, or a time with a zone. */
  @IfPresent()
  @IsDayOrInstant()
  @ApiPropertyOptional({ type: String, example: '2026-03-29' })
  from?: DayOrInstant;

  /** A day, which is the last one, or a time with a zone before which they start. */
  @IfPresent()
  @IsDayOrInstant()
  @ApiPropertyOptional({ type: String, example: '2026-04-04' })
  to?: DayOrInstant;

  /** Whose days `from` and `to` are; that of each appointment's site when absent. */
  @IfPresent()
  @IsZone()
  tz?: string;
}

export class AppointmentDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ format: 'uuid' })
  providerId: string;
  @ApiProperty({ format: 'uuid' })
  serviceId: string;
  @ApiProperty({ format: 'uuid' })
  siteId: string;
  @ApiProperty({ enum: appointmentStatuses })
  status: string;
  @ApiProperty({ format: 'date-time' })
  start: string;
  @ApiProperty({ format: 'date-time' })
  end: string;
  /** Zone the patient was told the time in. */
  tz: string;
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
  @ApiProperty({ type: String, nullable: true })
  notes: string | null;
  source: string;
  @ApiProperty({ type: String, nullable: true })
  contactPhone: string | null;
  doctorName: string;
  clinicName: string;
  overbook: boolean;
  @ApiProperty({ type: String, nullable: true })
  overbookReason: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  holdExpiresAt: string | null;
  /** The appointment in whose place it came. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  rescheduleOf: string | null;
  /** In the queue of its service and day, from check-in on. */
  @ApiProperty({ type: Number, nullable: true })
  tokenNo: number | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  cancelledAt: string | null;
  @ApiProperty({ type: String, nullable: true })
  statusReason: string | null;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
  /** As `start`, for Medico24 clients; so are the following. */
  @ApiProperty({ format: 'date-time' })
  appointment_at: string;
  @ApiProperty({ format: 'date-time' })
  appointment_end: string;
  doctor_name: string;
  clinic_name: string;
  @ApiProperty({ type: String, nullable: true })
  contact_phone: string | null;
}

export class AppointmentPageDto {
  @ApiProperty({ type: [AppointmentDto] })
  items: AppointmentDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
