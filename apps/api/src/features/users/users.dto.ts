import { hospitalRoles, type HospitalRole } from '@hms/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsEmail, IsIn, IsOptional, MaxLength } from 'class-validator';
import { CountedPageQueryDto } from '../../platform/http/counted-page.js';
import { IfPresent, IsId, IsLine } from '../../platform/http/fields.js';

export const userStatuses = ['invited', 'active', 'disabled'] as const;
export type UserStatus = (typeof userStatuses)[number];

const staffRoles = hospitalRoles.filter((role) => role !== 'patient');
const maxWards = 200;

export class PersonDto {
  @IsEmail()
  @MaxLength(254)
  email: string;

  /** Kept when the person has an account already. */
  @IsLine(200)
  displayName: string;
}

export class InviteUserDto extends PersonDto {
  @ArrayMinSize(1)
  @ArrayMaxSize(hospitalRoles.length)
  @ArrayUnique()
  @IsIn(hospitalRoles, { each: true })
  @ApiProperty({ enum: hospitalRoles, isArray: true })
  roles: HospitalRole[];

  /** Wards the person is limited to; none means the whole hospital. */
  @IfPresent()
  @ArrayMaxSize(maxWards)
  @ArrayUnique()
  @IsId({ each: true })
  @ApiPropertyOptional({ type: [String], format: 'uuid' })
  wardIds?: string[];

  /** The record of which a person with the role patient is the subject. */
  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  patientId?: string;
}

export class SetRolesDto {
  /** All staff roles the person holds from now on. */
  @ArrayMinSize(1)
  @ArrayMaxSize(staffRoles.length)
  @ArrayUnique()
  @IsIn(staffRoles, { each: true })
  @ApiProperty({ enum: staffRoles, isArray: true })
  roles: HospitalRole[];

  /** Wards the person is limited to from now on; none means the whole hospital. */
  @IfPresent()
  @ArrayMaxSize(maxWards)
  @ArrayUnique()
  @IsId({ each: true })
  @ApiPropertyOptional({ type: [String], format: 'uuid' })
  wardIds?: string[];
}

export class ListUsersQueryDto extends CountedPageQueryDto {
  @IsOptional()
  @IsIn(hospitalRoles)
  @ApiPropertyOptional({ enum: hospitalRoles })
  role?: HospitalRole;

  @IsOptional()
  @IsIn(userStatuses)
  @ApiPropertyOptional({ enum: userStatuses })
  status?: UserStatus;

  /** Part of the name or of the e-mail address. */
  @IsOptional()
  @IsLine(100)
  q?: string;
}

export class UserDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  email: string;
  displayName: string;
  /** In this hospital: `invited` until the person has set a password. */
  @ApiProperty({ enum: userStatuses })
  status: UserStatus;
  @ApiProperty({ enum: hospitalRoles, isArray: true })
  roles: HospitalRole[];
  /** Wards this user is limited to; null means the whole hospital. */
  @ApiProperty({ type: [String], format: 'uuid', nullable: true })
  wardIds: string[] | null;
  /** The record of which a patient's login is the subject. */
  @ApiProperty({ format: 'uuid', nullable: true })
  patientId: string | null;
  @ApiProperty({ format: 'date-time' })
  memberSince: string;
}

export class UserPageDto {
  @ApiProperty({ type: [UserDto] })
  items: UserDto[];
  nextCursor: string | null;
}

export class InvitationDto {
  user: UserDto;
  /** When the mailed token stops counting. */
  @ApiProperty({ format: 'date-time' })
  expiresAt: string;
}
