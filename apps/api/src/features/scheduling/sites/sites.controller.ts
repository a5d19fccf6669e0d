import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { CreateSiteDto, SiteDto, SitePageDto, UpdateSiteDto } from './sites.dto.js';
import { SitesService } from './sites.service.js';

@ApiTags('Scheduling')
@Controller('api/v1/sites')
export class SitesController {
  constructor(private readonly sites: SitesService) {}

  /** Where patients come to, by name. */
  @Get()
  @Access('schedule:read')
  @Returns(200, SitePageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: PageQueryDto): Promise<SitePageDto> {
    return this.sites.list(actor, query);
  }

  /**
   * Opens a site.
   * @throws {409} `site.name-taken`
   */
  @Post()
  @Access('schedule:manage')
  @Audited({ action: 'create', entity: 'site' })
  @Idempotent()
  @Returns(201, SiteDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Body() site: CreateSiteDto): Promise<SiteDto> {
    return this.sites.create(actor, site);
  }

  /**
   * One site.
   * @throws {404} `site.not-found`
   */
  @Get(':id')
  @Access('schedule:read')
  @Returns(200, SiteDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<SiteDto> {
    return this.sites.get(actor, id);
  }

  /**
   * Changes what is named; needs `If-Match`.
   * @throws {404} `site.not-found`
   * @throws {409} `site.name-taken`
   * @throws {412} `precondition.failed`
   */
  @Patch(':id')
  @Access('schedule:manage')
  @Audited({ action: 'update', entity: 'site' })
  @Returns(200, SiteDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() change: UpdateSiteDto,
  ): Promise<SiteDto> {
    return this.sites.update(actor, id, version, change);
  }
}
