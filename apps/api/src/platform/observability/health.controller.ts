import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Registry } from '@hms/service-kit';
import { Public, Returns } from '../access/access.decorator.js';
import { metricsRegistry } from './observability.tokens.js';
import { ReadinessService, type Readiness } from './readiness.service.js';

@ApiExcludeController()
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: ReadinessService,
    @Inject(metricsRegistry) private readonly registry: Registry,
  ) {}

  @Get('healthz')
  @Public('load balancer probe: says only that the process answers')
  @Returns(200)
  alive(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Public('orchestrator probe, not routed by the public Nginx')
  @Returns(200)
  ready(): Promise<Readiness> {
    return this.readiness.check();
  }

  @Get('metrics')
  @Public('scraped inside the network, not routed by the public Nginx')
  @Returns(200)
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
