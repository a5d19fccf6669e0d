import { Module } from '@nestjs/common';
import { ResourcesController } from './resources/resources.controller.js';
import { ResourcesService } from './resources/resources.service.js';
import { RulesController } from './rules/rules.controller.js';
import { RulesRepository } from './rules/rules.repository.js';
import { RulesService } from './rules/rules.service.js';
import { ServicesController } from './services/services.controller.js';
import { ServicesRepository } from './services/services.repository.js';
import { ServicesService } from './services/services.service.js';
import { SettingsController } from './settings/settings.controller.js';
import { SettingsService } from './settings/settings.service.js';
import { SitesController } from './sites/sites.controller.js';
import { SitesService } from './sites/sites.service.js';
import { SlotsController } from './slots/slots.controller.js';
import { SlotsModule } from './slots/slots.module.js';

@Module({
  imports: [SlotsModule],
  controllers: [
    SitesController,
    ServicesController,
    ResourcesController,
    RulesController,
    SettingsController,
    SlotsController,
  ],
  providers: [
    SitesService,
    ServicesRepository,
    ServicesService,
    ResourcesService,
    RulesRepository,
    RulesService,
    SettingsService,
  ],
  exports: [SlotsModule, ResourcesService, SettingsService],
})
export class SchedulingModule {}
