import { ApiProperty } from '@nestjs/swagger';
import { ArrayContains, ArrayMaxSize, ArrayUnique, IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { IfPresent } from '../../../platform/http/fields.js';
import { channels, languages, timeOfDay, type Channel, type Language } from '../notification.terms.js';

export class SetNotificationSettingsDto {
  /** Ways the hospital uses. `in-app` is always one of them. */
  @ArrayMaxSize(channels.length)
  @ArrayUnique()
  @IsIn(channels, { each: true })
  @ArrayContains(['in-app'])
  @ApiProperty({ enum: channels, isArray: true })
  channels: Channel[];

  /** Of whoever has no other. */
  @IsIn(languages)
  @ApiProperty({ enum: languages })
  language: Language;

  /** Local time of the recipient from which on only what is urgent is sent; the same as `quietUntil`: never. */
  @Matches(timeOfDay)
  @ApiProperty({ example: '21:00' })
  quietFrom: string;

  @Matches(timeOfDay)
  @ApiProperty({ example: '08:00' })
  quietUntil: string;

  /** Pushes, mails and SMS in a minute at most, beside urgent ones. */
  @IsInt()
  @Min(1)
  @Max(100_000)
  perMinute: number;

  /** How many days the log of deliveries is kept; as it is when absent. */
  @IfPresent()
  @IsInt()
  @Min(30)
  @Max(3_650)
  retentionDays?: number;
}

export class NotificationSettingsDto extends SetNotificationSettingsDto {
  declare retentionDays: number;
  version: number;
}
