import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { VitalsModule } from '../vitals/vitals.module.js';
import { WardsModule } from '../wards/wards.module.js';
import { LiveAdmission } from './live-admission.service.js';
import { LiveAudit } from './live-audit.service.js';
import { LiveBroadcast } from './live-broadcast.service.js';
import { LiveFeed } from './live-feed.service.js';
import { LiveGateway } from './live.gateway.js';
import { LiveMetrics } from './live-metrics.js';
import { LiveSessions } from './live-sessions.service.js';
import { SocketAccessGuard } from './socket-access.guard.js';

@Module({
  imports: [DiscoveryModule, VitalsModule, WardsModule],
  providers: [
    LiveAdmission,
    LiveAudit,
    LiveBroadcast,
    LiveFeed,
    LiveGateway,
    LiveMetrics,
    LiveSessions,
    { provide: APP_GUARD, useClass: SocketAccessGuard },
  ],
})
export class LiveModule {}
