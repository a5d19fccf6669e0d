import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { IfPresent, IsLine } from '../../platform/http/fields.js';

const statuses = ['active', 'disabled'] as const;
type GatewayStatus = (typeof statuses)[number];

const serviceClasses = ['standard', 'critical'] as const;
type ServiceClass = (typeof serviceClasses)[number];

export class CreateGatewayDto {
  @IsLine(100)
  name: string;

  /** `critical` for gateways of monitored wards: when room gets scarce their readings are refused last. */
  @ApiPropertyOptional({ enum: serviceClasses })
  @IfPresent()
  @IsIn(serviceClasses)
  serviceClass: ServiceClass = 'standard';
}

export class UpdateGatewayDto {
  @IfPresent()
  @IsLine(100)
  name?: string;

  /** A disabled gateway's keys are refused within 5 seconds. */
  @IfPresent()
  @IsIn(statuses)
  status?: GatewayStatus;

  @IfPresent()
  @IsIn(serviceClasses)
  serviceClass?: ServiceClass;
}

export class GatewayDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  name: string;
  @ApiProperty({ enum: statuses })
  status: string;
  @ApiProperty({ enum: serviceClasses })
  serviceClass: string;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class GatewayPageDto {
  items: GatewayDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export const keyStates = ['active', 'expiring', 'expired', 'revoked'] as const;
export type KeyState = (typeof keyStates)[number];

export class GatewayKeyDto {
  /** The public part of the key, between its two underscores. */
  keyId: string;
  @ApiProperty({ enum: keyStates })
  state: KeyState;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
}

export class GatewayKeysDto {
  items: GatewayKeyDto[];
}

export class NewGatewayKeyDto {
  keyId: string;
  /** The whole key, `dk_…`. It is shown this once and stored nowhere. */
  key: string;
}

export class RotateKeysDto {
  /** How long the keys there are until now keep working, seconds. */
  @ApiPropertyOptional()
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(7 * 24 * 3_600)
  overlapSeconds: number = 24 * 3_600;
}

export class RotatedGatewayKeyDto extends NewGatewayKeyDto {
  /** The keys it replaces, with the moment each stops working. */
  replaced: GatewayKeyDto[];
}
