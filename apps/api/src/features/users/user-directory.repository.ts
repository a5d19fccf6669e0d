import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';

@Injectable()
export class UserDirectoryRepository {
  constructor(private readonly database: HospitalDatabase) {}

  findNames(ids: readonly string[]): Promise<{ id: string; displayName: string }[]> {
    return this.database.publicClient.user.findMany({
      where: { id: { in: [...ids] } },
      select: { id: true, displayName: true },
    });
  }
}
