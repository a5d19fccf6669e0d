import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { AuditController } from './audit.controller.js';
import { AuditLogRepository } from './audit-log.repository.js';
import { AuditLogService } from './audit-log.service.js';

@Module({
  imports: [UsersModule],
  controllers: [AuditController],
  providers: [AuditLogRepository, AuditLogService],
})
export class AuditLogModule {}
