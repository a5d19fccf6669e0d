import { Global, Module } from '@nestjs/common';
import { EachHospital } from './each-hospital.service.js';
import { HospitalDirectory } from './hospital-directory.repository.js';

@Global()
@Module({ providers: [EachHospital, HospitalDirectory], exports: [EachHospital, HospitalDirectory] })
export class TenancyModule {}
