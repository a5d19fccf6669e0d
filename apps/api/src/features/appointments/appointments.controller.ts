import { Body, Controller, Delete, Get, Headers, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { parseIfMatch } from '../../platform/http/etag.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import {
  AppointmentDto,
  AppointmentPageDto,
  AppointmentsQueryDto,
  BookAppointmentDto,
  ChangeAppointmentDto,
  ChangeStatusDto,
} from './appointments.dto.js';
import { AppointmentsService } from './appointments.service.js';
import { BookingService } from './booking.service.js';

@ApiTags('Appointments')
@Controller('api/v1/appointments')
export class AppointmentsController {
  constructor(
    private readonly booking: BookingService,
    private readonly appointments: AppointmentsService,
  ) {}

  /**
   * Books a time, or holds it for some minutes.
   * @remarks Patients book for themselves. A refusal for the time lists `alternatives`, the next three free slots.
   * @throws {409} `appointment.slot-taken`, `appointment.not-offered`, `appointment.patient-busy`, `appointment.patient-deceased`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('appointment:book')
  @Audited({ action: 'create', entity: 'appointment' })
  @Idempotent()
  @Returns(201, AppointmentDto)
  book(@CurrentHospitalActor() actor: HospitalActor, @Body() command: BookAppointmentDto): Promise<AppointmentDto> {
    return this.booking.book(actor, command);
  }

  /** Appointments by start; a patient's own. */
  @Get()
  @Access('appointment:read')
  @Audited({ action: 'read', entity: 'appointment' })
  @Returns(200, AppointmentPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: AppointmentsQueryDto,
  ): Promise<AppointmentPageDto> {
    return this.appointments.list(actor, query);
  }

  /**
   * One appointment.
   * @throws {404} `appointment.not-found`
   */
  @Get(':id')
  @Access('appointment:read')
  @Audited({ action: 'read', entity: 'appointment' })
  @Returns(200, AppointmentDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<AppointmentDto> {
    return this.appointments.get(actor, id);
  }

  /**
   * Changes what is written with it. Another time, provider, service, room or device makes a new appointment in its place
   * and answers that one. Rooms and devices go along unless others are named.
   * @throws {404} `appointment.not-found`
   * @throws {409} `appointment.over`, `appointment.illegal-move`, `appointment.slot-taken`, `appointment.not-offered`, `appointment.patient-busy`, `appointment.patient-deceased`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   */
  @Put(':id')
  @Access('appointment:book')
  @Audited({ action: 'update', entity: 'appointment' })
  @ApiHeader({ name: 'If-Match', required: false, description: 'The `ETag` that was read' })
  @Returns(200, AppointmentDto)
  change(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() command: ChangeAppointmentDto,
  ): Promise<AppointmentDto> {
    const version = ifMatch === undefined ? undefined : parseIfMatch(ifMatch);
    return this.appointments.change(actor, { id, version }, command);
  }

  /**
   * Confirms, cancels, checks in and so on. Setting the state it is in changes nothing.
   * @throws {404} `appointment.not-found`
   * @throws {409} `appointment.illegal-move`, `appointment.hold-expired`, `appointment.not-missed-yet`
   * @throws {422} `request.invalid`
   */
  @Patch(':id/status')
  @Access('appointment:book')
  @Audited({ action: 'update', entity: 'appointment' })
  @Returns(200, AppointmentDto)
  changeStatus(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: ChangeStatusDto,
  ): Promise<AppointmentDto> {
    return this.appointments.changeStatus(actor, id, command);
  }

  /**
   * Cancels it.
   * @throws {404} `appointment.not-found`
   * @throws {409} `appointment.illegal-move`
   */
  @Delete(':id')
  @Access('appointment:book')
  @Audited({ action: 'delete', entity: 'appointment' })
  @Returns(204)
  cancel(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<void> {
    return this.appointments.cancel(actor, id);
  }
}
