import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Registry } from '@hms/service-kit';
import { Public, Returns } from '../access/access.decorator.js';
import { Unlimited } from '../limits/limited.decorator.js';
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
  @Unlimited('answers from memory, and a probe that is refused takes a healthy process out of service')
  @Public('load balancer probe: says only that the process answers')
  @Returns(200)
  alive(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Unlimited('asked by the orchestrator alone; a refusal would take a healthy process out of service')
  @Public('orchestrator probe, not routed by the public Nginx')
  @Returns(200)
  ready(): Promise<Readiness> {
    return this.readiness.check();
  }

  @Get('metrics')
  @Unlimited('asked by the monitoring alone, most of all in the storm that limits are for')
  @Public('scraped inside the network, not routed by the public Nginx')
  @Returns(200)
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
