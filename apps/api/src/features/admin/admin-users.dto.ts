import { roles, type Role } from '@hms/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { CountedPageQueryDto } from '../../platform/http/counted-page.js';
import { IsFlag, IsLine } from '../../platform/http/fields.js';

export class AdminUsersQueryDto extends CountedPageQueryDto {
  @IsOptional()
  @IsIn(roles)
  @ApiPropertyOptional({ enum: roles })
  role?: Role;

  /** Only those who may sign in, or only those who may not. */
  @IsOptional()
  @IsFlag()
  active?: boolean;

  /** Part of the name or of the e-mail address. */
  @IsOptional()
  @IsLine(100)
  q?: string;
}

export class HeldRoleDto {
  @ApiProperty({ enum: roles })
  role: Role;
  /** Null: on the platform. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  hospitalId: string | null;
}

export class AdminUserDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  email: string;
  displayName: string;
  /** May sign in: on the platform, or for the administrator of a hospital in that hospital. */
  active: boolean;
  /** For the administrator of a hospital those in that hospital only. */
  @ApiProperty({ type: [HeldRoleDto] })
  roles: HeldRoleDto[];
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastLoginAt: string | null;
}

export class AdminUserPageDto {
  @ApiProperty({ type: [AdminUserDto] })
  items: AdminUserDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
