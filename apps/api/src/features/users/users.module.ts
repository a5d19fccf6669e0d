import { Module } from '@nestjs/common';
import { InvitationsRepository } from './invitations.repository.js';
import { InvitationsService } from './invitations.service.js';
import { MembershipReferencesRepository } from './membership-references.repository.js';
import { MembershipReferences } from './membership-references.service.js';
import { UserDirectoryRepository } from './user-directory.repository.js';
import { UserDirectory } from './user-directory.service.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [UsersController],
  providers: [
    InvitationsRepository,
    InvitationsService,
    MembershipReferences,
    MembershipReferencesRepository,
    UserDirectory,
    UserDirectoryRepository,
    UsersRepository,
    UsersService,
  ],
  exports: [InvitationsService, UserDirectory, UsersService],
})
export class UsersModule {}
