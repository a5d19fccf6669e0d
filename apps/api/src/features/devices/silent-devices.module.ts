import { Module } from '@nestjs/common';
import { SilentDevicesJob } from './silent-devices.job.js';
import { SilentDevicesRepository } from './silent-devices.repository.js';

@Module({ providers: [SilentDevicesJob, SilentDevicesRepository], exports: [SilentDevicesJob] })
export class SilentDevicesModule {}
