import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { UserSessionsController } from './user-sessions.controller.js';

@Module({
  imports: [UsersModule],
  controllers: [SessionsController, UserSessionsController],
  providers: [SessionsRepository, SessionsService],
})
export class SessionsModule {}
