import { roles, type Permission, type Role } from '@hms/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsEmail, IsIn, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';
import { sessionKinds, type SessionKind } from '@hms/auth';

const slug = /^[a-z][a-z0-9_]{1,40}$/;

export class LoginDto {
  @IsEmail()
  @MaxLength(254)
  email: string;

  @IsString()
  @Length(1, 1_024)
  password: string;

  /** What the last login on this device answered: failures of strangers then do not lock it out. */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  deviceToken?: string;

  /** Slug of the hospital; needed only by a user who works in several. */
  @IsOptional()
  @Matches(slug)
  hospital?: string;

  /**
   * Where the session is used, which decides how long it may rest and live: `web` 15 minutes and 12 hours,
   * `shared-terminal` 5 minutes and 12 hours, `device` 7 and 30 days. `device` is for doctors, nurses, lab staff and
   * patients who hold no other role.
   */
  @ApiPropertyOptional({ enum: sessionKinds, default: 'web' })
  @IsOptional()
  @IsIn(sessionKinds)
  client?: SessionKind;
}

export class RefreshDto {
  @IsString()
  @Length(1, 200)
  refreshToken: string;
}

export class SwitchHospitalDto {
  /** Slug of the hospital to work in from now on. */
  @Matches(slug)
  hospital: string;
}

export class AcceptInvitationDto {
  @IsString()
  @Length(1, 200)
  token: string;

  /** For an account without one: 8 to 128 characters, by the rules of `POST /auth/password/change`. Else its own. */
  @IsString()
  @MaxLength(1_024)
  password: string;
}

export class HospitalSummaryDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  slug: string;
  name: string;
  /** IANA zone. */
  timezone: string;
  /** ISO 4217. */
  currency: string;
}

export class UserSummaryDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  email: string;
  displayName: string;
  @ApiProperty({ enum: roles, isArray: true })
  roles: Role[];
}

export class TokensDto {
  accessToken: string;
  /** Opaque; each use replaces it. */
  refreshToken: string;
  /** Seconds the access token counts. */
  expiresIn: number;
}

export class LoginResultDto extends TokensDto {
  /** Of a login: keep it on this device and send it with the next one. It opens nothing by itself. */
  @ApiPropertyOptional()
  deviceToken?: string;
  user: UserSummaryDto;
  /** Null for a platform administrator, who works outside every hospital. */
  @ApiProperty({ type: HospitalSummaryDto, nullable: true })
  hospital: HospitalSummaryDto | null;
}

export class SecondFactorDto {
  enrolled: boolean;
  verified: boolean;
}

export class MeDto {
  user: UserSummaryDto;
  @ApiProperty({ type: HospitalSummaryDto, nullable: true })
  hospital: HospitalSummaryDto | null;
  @ApiProperty({ type: [String] })
  permissions: Permission[];
  /** Wards this user is limited to; null means all. */
  @ApiProperty({ type: [String], nullable: true })
  wardIds: string[] | null;
  /** Whether an authenticator is set up, and whether it was used in this session. */
  secondFactor: SecondFactorDto;
  /** The roles need a second factor and there is none: until `POST /auth/mfa/totp`, this is all the session can do. */
  mfaEnrolmentRequired: boolean;
  /** Every hospital the user can switch to. */
  hospitals: HospitalSummaryDto[];
}
