import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { AdmissionDto, WithReasonDto } from '../admissions/admissions.dto.js';
import { DepartureDto, DischargeDto, DischargeReadyDto, OrderDischargeDto } from './discharges.dto.js';
import { DischargesService } from './discharges.service.js';

@ApiTags('Admissions')
@Controller('api/v1/admissions/:id')
export class DischargesController {
  constructor(private readonly discharges: DischargesService) {}

  /**
   * How far the discharge is, what is left to do, and how likely the patient comes back.
   * @throws {404} `admission.not-found`
   */
  @Get('discharge')
  @Access('admission:read')
  @Audited({ action: 'read', entity: 'admission' })
  @Returns(200, DischargeDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<DischargeDto> {
    return this.discharges.get(actor, id);
  }

  /**
   * Orders the discharge. The patient keeps the bed until they leave it.
   * @throws {403} `patient.on-other-ward`
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`
   */
  @Post('discharge/order')
  @Access('admission:discharge')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  order(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: OrderDischargeDto,
  ): Promise<AdmissionDto> {
    return this.discharges.order(actor, id, command);
  }

  /**
   * Takes the order back.
   * @throws {403} `patient.on-other-ward`
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`
   */
  @Post('discharge/withdraw')
  @Access('admission:discharge')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  withdraw(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() { reason }: WithReasonDto,
  ): Promise<AdmissionDto> {
    return this.discharges.withdraw(actor, id, reason);
  }

  /**
   * Says that nothing keeps the patient any longer. What is left to do is waived with a reason each, or refuses it.
   * @throws {403} `patient.on-other-ward`
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`, `discharge.open-items`
   */
  @Post('discharge/ready')
  @Access('admission:discharge')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  ready(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: DischargeReadyDto,
  ): Promise<AdmissionDto> {
    return this.discharges.ready(actor, id, command);
  }

  /**
   * Says that the patient has left: discharged, absconded, against advice, or dead.
   * @throws {403} `patient.on-other-ward`
   * @throws {404} `admission.not-found`
   * @throws {409} `admission.illegal-move`
   * @throws {422} `request.invalid`
   */
  @Post('departure')
  @Access('admission:manage')
  @Audited({ action: 'update', entity: 'admission' })
  @Returns(200, AdmissionDto)
  depart(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: DepartureDto,
  ): Promise<AdmissionDto> {
    return this.discharges.depart(actor, id, command);
  }
}
