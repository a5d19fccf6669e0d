import { ApiProperty } from '@nestjs/swagger';

export class SyncUserDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** Null for a user that does not exist any more. */
  @ApiProperty({ type: String, nullable: true })
  displayName: string | null;
}

/** A device as those are shown it who look at what came from it. */
export class SyncSourceDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ type: String, nullable: true })
  name: string | null;
}
