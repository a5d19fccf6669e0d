import { IsString, Length } from 'class-validator';

/** Body of the event `refresh`. */
export class RefreshLiveDto {
  /** A new access token of the same session. */
  @IsString()
  @Length(1, 4_096)
  token: string;
}

/** Acknowledgement of `refresh`. */
export interface Refreshed {
  /** RFC 3339. */
  readonly expiresAt: string;
}
