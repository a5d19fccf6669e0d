import { ApiProperty } from '@nestjs/swagger';
import { sessionKinds, type SessionKind } from '@hms/auth';

export class SessionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: sessionKinds })
  kind: SessionKind;
  /** What the client called itself when it signed in. */
  @ApiProperty({ type: String, nullable: true })
  userAgent: string | null;
  /** Where it signed in from. */
  @ApiProperty({ type: String, nullable: true })
  ip: string | null;
  /** Slug of the hospital it works in; null for a platform administrator. */
  @ApiProperty({ type: String, nullable: true })
  hospital: string | null;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  /** Within a minute. */
  @ApiProperty({ format: 'date-time' })
  lastSeenAt: string;
  /** When it ends at the latest. */
  @ApiProperty({ format: 'date-time' })
  expiresAt: string;
  /** Whether it is the session asking. */
  current: boolean;
}

export class SessionPageDto {
  items: SessionDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
