import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { NotificationTemplateDto, NotificationTemplatesDto, WriteNotificationTemplateDto } from './templates.dto.js';
import { TemplatesService } from './templates.service.js';

@ApiTags('Admin')
@Controller('api/v1/admin/notifications/templates')
export class TemplatesController {
  constructor(private readonly templates: TemplatesService) {}

  /** The texts in use. */
  @Get()
  @Access('notification:manage')
  @Audited({ action: 'read', entity: 'notification-template' })
  @Returns(200, NotificationTemplatesDto)
  list(@CurrentHospitalActor() actor: HospitalActor): Promise<NotificationTemplatesDto> {
    return this.templates.list(actor);
  }

  /**
   * Writes a new version of a text.
   * @throws {409} `template.outdated`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('notification:manage')
  @Audited({ action: 'create', entity: 'notification-template' })
  @Idempotent()
  @Returns(201, NotificationTemplateDto)
  write(
    @CurrentHospitalActor() actor: HospitalActor,
    @Body() command: WriteNotificationTemplateDto,
  ): Promise<NotificationTemplateDto> {
    return this.templates.write(actor, command);
  }
}
