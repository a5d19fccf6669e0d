import { ApiProperty } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import type { PushPlatform } from './push-tokens.repository.js';

const platforms = ['android', 'ios', 'web'] as const satisfies readonly PushPlatform[];
const form = /^[\w:.-]{8,1024}$/;

export class RegisterPushTokenDto {
  /** The registration token FCM gave this installation. */
  @Matches(form)
  token: string;

  @IsIn(platforms)
  @ApiProperty({ enum: platforms })
  platform: PushPlatform;
}

export class DeactivatePushTokenDto {
  @Matches(form)
  token: string;
}

export class PushTokenDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: platforms })
  platform: string;
  @ApiProperty({ format: 'date-time' })
  registeredAt: string;
}

export class DeactivatedDto {
  /** Ids of the tokens that were active. */
  @ApiProperty({ type: [String], format: 'uuid' })
  deactivated: string[];
}
