import { IsEmail, IsString, Length, MaxLength } from 'class-validator';

/** A bound for the parser; the rules count characters exactly and say what is wrong. */
const maxUnits = 1_024;

export class ChangePasswordDto {
  @IsString()
  @MaxLength(maxUnits)
  currentPassword: string;

  /** 8 to 128 characters; refused are those that many use, or that are little more than a name. */
  @IsString()
  @MaxLength(maxUnits)
  newPassword: string;
}

export class ForgotPasswordDto {
  @IsEmail()
  @MaxLength(254)
  email: string;
}

export class ResetPasswordDto {
  /** Of the mail; it counts once, for 30 minutes. */
  @IsString()
  @Length(1, 200)
  token: string;

  /** 8 to 128 characters; refused are those that many use, or that are little more than a name. */
  @IsString()
  @MaxLength(maxUnits)
  password: string;
}
