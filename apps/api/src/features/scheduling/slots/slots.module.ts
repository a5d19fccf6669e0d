import { Module } from '@nestjs/common';
import { ResourcesRepository } from '../resources/resources.repository.js';
import { SettingsRepository } from '../settings/settings.repository.js';
import { SitesRepository } from '../sites/sites.repository.js';
import { BookableService } from './bookable.service.js';
import { SlotsRepository } from './slots.repository.js';
import { SlotsService } from './slots.service.js';

/** What can be booked when: for requests and for the worker alike. */
@Module({
  providers: [SlotsRepository, SlotsService, BookableService, ResourcesRepository, SitesRepository, SettingsRepository],
  exports: [SlotsService, BookableService, ResourcesRepository, SitesRepository, SettingsRepository],
})
export class SlotsModule {}
