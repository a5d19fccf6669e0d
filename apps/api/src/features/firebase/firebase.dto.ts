import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { sessionKinds, type SessionKind } from '@hms/auth';
import { maxIdTokenLength } from './firebase-token.js';

export class VerifyFirebaseDto {
  /** The ID token Firebase gave the client. */
  @IsString()
  @Length(1, maxIdTokenLength)
  idToken: string;

  /** Slug of the hospital; needed at a first sign-in, and by a patient of several. */
  @IsOptional()
  @Matches(/^[a-z][a-z0-9_]{1,40}$/)
  hospital?: string;

  /** As for a login. */
  @ApiPropertyOptional({ enum: sessionKinds, default: 'web' })
  @IsOptional()
  @IsIn(sessionKinds)
  client?: SessionKind;
}
