import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { BreakGlassController } from './break-glass.controller.js';
import { BreakGlassGuard } from './break-glass.guard.js';
import { BreakGlassRepository } from './break-glass.repository.js';
import { BreakGlassService } from './break-glass.service.js';

@Module({
  controllers: [BreakGlassController],
  providers: [BreakGlassRepository, BreakGlassService, { provide: APP_GUARD, useClass: BreakGlassGuard }],
})
export class BreakGlassModule {}
