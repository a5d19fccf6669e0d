import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import {
  BreakGlassDto,
  BreakGlassPageDto,
  ListBreakGlassQueryDto,
  OpenBreakGlassDto,
  ReviewBreakGlassDto,
} from './break-glass.dto.js';
import { BreakGlassService } from './break-glass.service.js';

@ApiTags('Break-glass')
@Controller('api/v1')
export class BreakGlassController {
  constructor(private readonly breakGlass: BreakGlassService) {}

  /**
   * Reaches one patient past the limits of one's wards, for 60 minutes at most, and no other meanwhile.
   * @remarks The administrators are told, every access is marked in the audit, and somebody reviews it.
   * @throws {403} `break-glass.proof-required`, `break-glass.second-factor-missing`
   * @throws {404} `patient.not-found`
   * @throws {409} `break-glass.already-open`, `break-glass.not-needed`
   */
  @Post('patients/:id/break-glass')
  @Access('break-glass:open')
  @Audited({ action: 'create', entity: 'break-glass' })
  @Idempotent()
  @Returns(201, BreakGlassDto)
  open(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: OpenBreakGlassDto,
  ): Promise<BreakGlassDto> {
    return this.breakGlass.open(actor, id, command);
  }

  /** Newest first. */
  @Get('break-glass')
  @Access('break-glass:review')
  @Audited({ action: 'read', entity: 'break-glass' })
  @Returns(200, BreakGlassPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: ListBreakGlassQueryDto,
  ): Promise<BreakGlassPageDto> {
    return this.breakGlass.list(actor, query);
  }

  /**
   * Ends one's own access before its time.
   * @throws {404} `break-glass.not-found`
   * @throws {409} `break-glass.ended`
   */
  @Post('break-glass/:id/close')
  @Access('break-glass:open')
  @Audited({ action: 'update', entity: 'break-glass' })
  @Returns(200, BreakGlassDto)
  close(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<BreakGlassDto> {
    return this.breakGlass.close(actor, id);
  }

  /**
   * Says whether an access was justified, which nobody says of their own.
   * @throws {403} `break-glass.own-review`
   * @throws {404} `break-glass.not-found`
   * @throws {409} `break-glass.reviewed`
   */
  @Post('break-glass/:id/review')
  @Access('break-glass:review')
  @Audited({ action: 'update', entity: 'break-glass' })
  @Returns(200, BreakGlassDto)
  review(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: ReviewBreakGlassDto,
  ): Promise<BreakGlassDto> {
    return this.breakGlass.review(actor, id, command);
  }
}
