import { Injectable } from '@nestjs/common';
import { UserDirectoryRepository } from './user-directory.repository.js';

/** Names of the people who wrote a hospital's records, also of those who left it. Ask only for ids found in them. */
@Injectable()
export class UserDirectory {
  constructor(private readonly users: UserDirectoryRepository) {}

  /** Asks once for all of them. */
  async displayNames(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const users = await this.users.findNames([...new Set(ids)]);
    return new Map(users.map(({ id, displayName }) => [id, displayName]));
  }
}
