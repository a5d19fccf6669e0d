import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import {
  CallNextDto,
  ChangeTokenDto,
  IssueTokenDto,
  QueueTokenDto,
  QueueTokenPageDto,
  QueueTokensQueryDto,
} from './queue-tokens.dto.js';
import { QueueTokensService } from './queue-tokens.service.js';

@ApiTags('Queue')
@Controller('api/v1/queue-tokens')
export class QueueTokensController {
  constructor(private readonly tokens: QueueTokensService) {}

  /**
   * Who has come for a service on a day, in the order they came.
   * @throws {422} `request.invalid`
   */
  @Get()
  @Access('appointment:conduct')
  @Audited({ action: 'read', entity: 'queue-token' })
  @Returns(200, QueueTokenPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: QueueTokensQueryDto): Promise<QueueTokenPageDto> {
    return this.tokens.list(actor, query);
  }

  /**
   * Gives a number to somebody who walked in. Who has an appointment gets theirs at check-in.
   * @throws {409} `appointment.patient-deceased`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('patient:check-in')
  @Audited({ action: 'create', entity: 'queue-token' })
  @Idempotent()
  @Returns(201, QueueTokenDto)
  issue(@CurrentHospitalActor() actor: HospitalActor, @Body() command: IssueTokenDto): Promise<QueueTokenDto> {
    return this.tokens.issue(actor, command);
  }

  /**
   * Calls whoever has waited longest.
   * @throws {409} `queue.empty`
   * @throws {422} `request.invalid`
   */
  @Post('next')
  @Access('appointment:conduct')
  @Audited({ action: 'update', entity: 'queue-token' })
  @Idempotent()
  @Returns(200, QueueTokenDto)
  callNext(@CurrentHospitalActor() actor: HospitalActor, @Body() command: CallNextDto): Promise<QueueTokenDto> {
    return this.tokens.callNext(actor, command);
  }

  /**
   * Calls, ends or gives up a number. Setting the state it is in changes nothing.
   * @throws {404} `queue-token.not-found`
   * @throws {409} `queue-token.illegal-move`
   */
  @Patch(':id/status')
  @Access('appointment:conduct')
  @Audited({ action: 'update', entity: 'queue-token' })
  @Returns(200, QueueTokenDto)
  change(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: ChangeTokenDto,
  ): Promise<QueueTokenDto> {
    return this.tokens.change(actor, id, command);
  }
}
