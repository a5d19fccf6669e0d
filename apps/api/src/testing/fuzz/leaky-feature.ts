import { Controller, Module, Post } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { NotAudited } from '../../platform/audit/audited.decorator.js';
import { NotIdempotent } from '../../platform/idempotency/idempotent.decorator.js';

/** What the suite must find: it refuses, and has committed half of its work before. */
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
}

@Module({ controllers: [LeakyController] })
export class LeakyFeature {}
