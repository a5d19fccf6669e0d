import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { valuesAt } from '../../platform/audit/audit-subjects.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import {
  AssignmentDto,
  AssignmentPageDto,
  CreateAssignmentDto,
  EndAssignmentDto,
  PatientDevicesDto,
} from './assignments.dto.js';
import { AssignmentsService } from './assignments.service.js';

@ApiTags('Devices')
@Controller('api/v1')
export class AssignmentsController {
  constructor(private readonly assignments: AssignmentsService) {}

  /** Whom the device served, newest first. */
  @Get('devices/:id/assignments')
  @Access('device:read')
  @Audited({ action: 'read', entity: 'device-assignment' })
  @Returns(200, AssignmentPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: PageQueryDto,
  ): Promise<AssignmentPageDto> {
    return this.assignments.list(actor, id, query);
  }

  /** Gives the device to a patient for a time. A device serves one patient at a time. */
  @Post('devices/:id/assignments')
  @Access('device:assign')
  @Audited({ action: 'create', entity: 'device-assignment' })
  @Idempotent()
  @Returns(201, AssignmentDto)
  assign(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() assignment: CreateAssignmentDto,
  ): Promise<AssignmentDto> {
    return this.assignments.assign(actor, id, assignment);
  }

  /** Ends an assignment, now or at the time named. */
  @Post('devices/:id/assignments/:assignmentId/end')
  @Access('device:assign')
  @Audited({ action: 'update', entity: 'device-assignment' })
  @Returns(200, AssignmentDto)
  end(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Param('assignmentId', UuidPipe) assignmentId: string,
    @Body() end: EndAssignmentDto,
  ): Promise<AssignmentDto> {
    return this.assignments.end(actor, id, assignmentId, end);
  }

  /** What the patient wears now, sorted by the devices' names. */
  @Get('patients/:id/devices')
  @Access('device:read')
  @Audited({ action: 'read', entity: 'device-assignment', entityIds: valuesAt('assignment.id') })
  @Returns(200, PatientDevicesDto)
  listOfPatient(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<PatientDevicesDto> {
    return this.assignments.listOfPatient(actor, id);
  }
}
