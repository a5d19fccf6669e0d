import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { valuesAt } from '../../../platform/audit/audit-subjects.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { AlarmHandling } from './alarm-handling.service.js';
import {
  AcknowledgeAlarmDto,
  AlarmDetailDto,
  AlarmDto,
  AlarmNoteDto,
  AlarmPageDto,
  AlarmsQueryDto,
  CreateAlarmNoteDto,
  PatientAlarmsQueryDto,
  ResolveAlarmDto,
} from './alarms.dto.js';
import { AlarmsService } from './alarms.service.js';

@ApiTags('Alarms')
@Controller('api/v1')
export class AlarmsController {
  constructor(
    private readonly alarms: AlarmsService,
    private readonly handling: AlarmHandling,
  ) {}

  /** Alarms of the caller's wards: open ones first, by priority; within each the newest first. */
  @Get('alarms')
  @Access('alarm:read')
  @Audited({ action: 'read', entity: 'alarm' })
  @Returns(200, AlarmPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: AlarmsQueryDto): Promise<AlarmPageDto> {
    return this.alarms.list(actor, query);
  }

  /**
   * The alarms of a patient, in the same order.
   * @throws {404} `patient.not-found`
   */
  @Get('patients/:id/alarms')
  @Access('alarm:read')
  @Audited({ action: 'read', entity: 'alarm' })
  @Returns(200, AlarmPageDto)
  listOfPatient(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: PatientAlarmsQueryDto,
  ): Promise<AlarmPageDto> {
    return this.alarms.listOfPatient(actor, id, query);
  }

  /**
   * One alarm with what became of it.
   * @throws {404} `alarm.not-found`
   */
  @Get('alarms/:id')
  @Access('alarm:read')
  @Audited({ action: 'read', entity: 'alarm' })
  @Returns(200, AlarmDetailDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<AlarmDetailDto> {
    return this.alarms.get(actor, id);
  }

  /**
   * Says that the caller sees to it: nobody else is told of it any more.
   * @remarks Whoever is not the first is answered the same way; `acknowledgedBy` says who was.
   * @throws {404} `alarm.not-found`
   * @throws {409} `alarm.resolved`
   */
  @Post('alarms/:id/acknowledge')
  @Access('alarm:acknowledge')
  @Audited({ action: 'update', entity: 'alarm' })
  @Returns(200, AlarmDto)
  acknowledge(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: AcknowledgeAlarmDto,
  ): Promise<AlarmDto> {
    return this.handling.acknowledge(actor, id, command);
  }

  /**
   * Ends an alarm whose readings have stopped, such as of a sensor that was taken off.
   * @throws {404} `alarm.not-found`
   * @throws {409} `alarm.resolved`, `alarm.still-present`, `alarm.ends-by-itself`
   */
  @Post('alarms/:id/resolve')
  @Access('alarm:acknowledge')
  @Audited({ action: 'update', entity: 'alarm' })
  @Returns(200, AlarmDto)
  resolve(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: ResolveAlarmDto,
  ): Promise<AlarmDto> {
    return this.handling.resolve(actor, id, command);
  }

  /**
   * Adds a note to the alarm's history.
   * @throws {404} `alarm.not-found`
   */
  @Post('alarms/:id/notes')
  @Access('alarm:acknowledge')
  @Audited({ action: 'create', entity: 'alarm-note', entityIds: valuesAt('alarmId') })
  @Idempotent()
  @Returns(201, AlarmNoteDto)
  note(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: CreateAlarmNoteDto,
  ): Promise<AlarmNoteDto> {
    return this.handling.note(actor, id, command);
  }
}
