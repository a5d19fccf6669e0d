import { alarmChannels, alarmPriorities, alarmRoles } from '@hms/contracts';
import type { AlarmChannel, AlarmPriority, AlarmRole } from '@hms/contracts';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { maxSteps } from './escalation.policy.js';

export class EscalationStepDto {
  /** Seconds after the alarm was raised; of the first step 0. */
  @IsInt()
  @Min(0)
  @Max(86_400)
  afterSeconds: number;

  /** Those who hold one of them and work on the ward are told. */
  @ApiProperty({ enum: alarmRoles, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(alarmRoles.length)
  @ArrayUnique()
  @IsIn(alarmRoles, { each: true })
  roles: AlarmRole[];

  @ApiProperty({ enum: alarmChannels, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(alarmChannels.length)
  @ArrayUnique()
  @IsIn(alarmChannels, { each: true })
  channels: AlarmChannel[];
}

export class SetEscalationDto {
  /** In the order of their times. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(maxSteps)
  @ValidateNested({ each: true })
  @Type(() => EscalationStepDto)
  @ApiProperty({ type: [EscalationStepDto] })
  steps: EscalationStepDto[];
}

export class EscalationDto {
  @ApiProperty({ enum: alarmPriorities })
  priority: AlarmPriority;
  /** Null: of the hospital, which counts on every ward that has none of its own. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  wardId: string | null;
  @ApiProperty({ type: [EscalationStepDto] })
  steps: EscalationStepDto[];
}

export class EscalationListDto {
  @ApiProperty({ type: [EscalationDto] })
  items: EscalationDto[];
}
