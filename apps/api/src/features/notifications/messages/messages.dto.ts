import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsIn } from 'class-validator';
import { IfPresent, IsId, IsLine, IsText } from '../../../platform/http/fields.js';
import { priorities, type Priority } from '../notification.terms.js';

const maxRecipients = 200;

class MessageDto {
  /** Read in the app. Locked screens, mails and SMS say only that there is a message. */
  @IsLine(200)
  title: string;

  @IsText(2_000)
  body: string;

  /** `urgent` goes out at once and on every channel the hospital allows. */
  @IfPresent()
  @IsIn(priorities)
  @ApiPropertyOptional({ enum: priorities, default: 'normal' })
  priority?: Priority;
}

export class SendMessageDto extends MessageDto {
  @IsId()
  @ApiProperty({ format: 'uuid' })
  userId: string;
}

export class SendMessagesDto extends MessageDto {
  @ArrayMinSize(1)
  @ArrayMaxSize(maxRecipients)
  @ArrayUnique()
  @IsId({ each: true })
  @ApiProperty({ type: [String], format: 'uuid' })
  userIds: string[];
}

export class SentMessageDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  userId: string;
}

export class SentMessagesDto {
  /** One for each recipient. */
  @ApiProperty({ type: [SentMessageDto] })
  items: SentMessageDto[];
  /** Those who do not belong to the hospital now: they were told nothing. */
  @ApiProperty({ type: [String], format: 'uuid' })
  unknown: string[];
}
