import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { Actor, HospitalActor } from '../../platform/access/actor.js';
import { CurrentActor, CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { answerPage } from '../../platform/http/counted-page.js';
import { AppointmentPageDto, AppointmentsQueryDto } from '../appointments/appointments.dto.js';
import { AppointmentsService } from '../appointments/appointments.service.js';
import { AdminUserPageDto, AdminUsersQueryDto } from './admin-users.dto.js';
import { AdminUsersService } from './admin-users.service.js';
import { MetricsDto, MetricsQueryDto } from './metrics.dto.js';
import { MetricsService } from './metrics.service.js';

@ApiTags('Admin')
@Controller('api/v1/admin')
export class AdminController {
  constructor(
    private readonly users: AdminUsersService,
    private readonly appointments: AppointmentsService,
    private readonly metrics: MetricsService,
  ) {}

  /** People, newest first: of the caller's hospital, or for a super_admin of all. */
  @Get('users')
  @Access('user:manage', 'any')
  @Audited({ action: 'read', entity: 'user' })
  @Returns(200, AdminUserPageDto)
  async listUsers(
    @CurrentActor() actor: Actor,
    @Query() query: AdminUsersQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdminUserPageDto> {
    return answerPage(reply, await this.users.list(actor, query));
  }

  /**
   * Appointments of the hospital by start, as `GET /api/v1/appointments` lists them. The platform's administrator sees
   * figures of them, and nobody's.
   * @throws {422} `request.invalid`
   */
  @Get('appointments')
  @Access('admin:read')
  @Audited({ action: 'read', entity: 'appointment' })
  @Returns(200, AppointmentPageDto)
  listAppointments(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: AppointmentsQueryDto,
  ): Promise<AppointmentPageDto> {
    return this.appointments.list(actor, query);
  }

  /**
   * Figures of the caller's hospital, or for a super_admin of all together.
   * @throws {422} `request.invalid`
   */
  @Get('metrics')
  @Access('admin:read', 'any')
  @Audited({ action: 'read', entity: 'metrics' })
  @Returns(200, MetricsDto)
  getMetrics(@CurrentActor() actor: Actor, @Query() query: MetricsQueryDto): Promise<MetricsDto> {
    return this.metrics.get(actor, query);
  }
}
