import { Body, Controller, Module, Post } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { NotAudited } from '../../platform/audit/audited.decorator.js';
import { NotIdempotent } from '../../platform/idempotency/idempotent.decorator.js';

/** What the suite must find: what refuses, and has committed half of its work before. */
@Controller('api/v1/leaky')
class LeakyController {
  constructor(private readonly database: HospitalDatabase) {}

  @Post()
  @Access('ward:manage')
  @NotAudited('a control of the fuzz suite')
  @NotIdempotent('a control of the fuzz suite')
  @Returns(204)
  async leak(@CurrentHospitalActor() { hospital }: HospitalActor): Promise<void> {
    const id = uuidv7();
    await this.database.inHospital(hospital, (tx) =>
      tx.ward.create({ data: { id, code: id.slice(-12).toUpperCase(), name: 'Leak' } }),
    );
    throw commonError('request.invalid');
  }

  /** Takes what fits, and leaks nothing when it is asked again: repeating the requests shows nothing. */
  @Post('once')
  @Access('ward:manage')
  @NotAudited('a control of the fuzz suite')
  @NotIdempotent('a control of the fuzz suite')
  @ApiBody({ schema: { type: 'object', properties: { note: { type: 'string' } } } })
  @Returns(204)
  async leakOnce(@CurrentHospitalActor() { hospital }: HospitalActor, @Body() body: unknown = {}): Promise<void> {
    await this.database.inHospital(hospital, (tx) =>
      tx.ward.createMany({ data: { id: uuidv7(), code: 'LEAK', name: 'Leak' }, skipDuplicates: true }),
    );
    const fits = typeof body === 'object' && body !== null && Object.keys(body).every((name) => name === 'note');
    if (!fits) throw commonError('request.invalid');
  }
}

@Module({ controllers: [LeakyController] })
export class LeakyFeature {}
