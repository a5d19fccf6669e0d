import { Module } from '@nestjs/common';
import { WardsModule } from '../wards/wards.module.js';
import { AssignmentsController } from './assignments.controller.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { AssignmentsService } from './assignments.service.js';
import { DeviceMoves } from './device-moves.service.js';
import { DeviceReleases } from './device-releases.service.js';
import { DevicesController } from './devices.controller.js';
import { DevicesRepository } from './devices.repository.js';
import { DevicesService } from './devices.service.js';
import { GatewayKeysService } from './gateway-keys.service.js';
import { GatewaysController } from './gateways.controller.js';
import { GatewaysRepository } from './gateways.repository.js';
import { GatewaysService } from './gateways.service.js';

@Module({
  imports: [WardsModule],
  controllers: [GatewaysController, DevicesController, AssignmentsController],
  providers: [
    GatewaysRepository,
    GatewaysService,
    GatewayKeysService,
    DevicesRepository,
    DevicesService,
    AssignmentsRepository,
    AssignmentsService,
    DeviceMoves,
    DeviceReleases,
  ],
  exports: [AssignmentsService, DeviceMoves, DeviceReleases],
})
export class DevicesModule {}
