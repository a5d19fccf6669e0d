import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { WardsModule } from '../wards/wards.module.js';
import { VitalsRollupRepository } from './vitals-rollup.repository.js';
import { VitalsController } from './vitals.controller.js';
import { VitalsRepository } from './vitals.repository.js';
import { VitalsService } from './vitals.service.js';
import { WaveformsRepository } from './waveforms.repository.js';
import { WaveformsService } from './waveforms.service.js';

@Module({
  imports: [DevicesModule, WardsModule],
  controllers: [VitalsController],
  providers: [VitalsRepository, VitalsRollupRepository, VitalsService, WaveformsRepository, WaveformsService],
  exports: [VitalsService],
})
export class VitalsModule {}
