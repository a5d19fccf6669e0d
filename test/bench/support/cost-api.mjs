import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';

/*
 * The API with a feature more: routes that differ in nothing but what they declare. It is what `costs.mjs` measures.
 */

const dist = new URL('../../../apps/api/dist/', import.meta.url);
const load = createRequire(dist);
load('reflect-metadata');
const { Controller, Get, Inject, Module, Post } = load('@nestjs/common');
const of = (/** @type {string} */ path) => import(new URL(path, dist).href);

const { ApiConfig } = await of('platform/config/api-config.js');
const { Access, Returns } = await of('platform/access/access.decorator.js');
const { CurrentHospitalActor } = await of('platform/access/current-actor.decorator.js');
const { Audited, NotAudited } = await of('platform/audit/audited.decorator.js');
const { Idempotent, NotIdempotent } = await of('platform/idempotency/idempotent.decorator.js');
const { UnitOfWork } = await of('platform/database/unit-of-work.js');
const { createApplication } = await of('application.js');
const { runHttpService } = await of('platform/http/run-http-service.js');

const shown = { id: randomUUID(), name: 'a record that is shown', version: 1 };

class CostController {
  /** @param {any} unitOfWork */
  constructor(unitOfWork) {
    this.unitOfWork = unitOfWork;
  }

  read() {
    return shown;
  }

  readAudited() {
    return shown;
  }

  /** @param {any} actor */
  write(actor) {
    return this.unitOfWork.inHospital(actor, (/** @type {any} */ tx) => {
      const data = {
        id: randomUUID(),
        code: randomUUID().slice(0, 16).toUpperCase(),
        name: 'Bench',
        createdBy: actor.userId,
      };
      return tx.ward.create({ data, select: { id: true, name: true, version: true } });
    });
  }

  /** @param {any} actor */
  writeAudited(actor) {
    return this.write(actor);
  }

  /** @param {any} actor */
  writeOnce(actor) {
    return this.write(actor);
  }
}

const unaudited = NotAudited('the bench compares with it');
const repeatable = NotIdempotent('the bench compares with it');
const audited = (/** @type {string} */ action) => Audited({ action, entity: 'ward' });
/** @type {Record<string, MethodDecorator[]>} */
const declarations = {
  read: [Get('read'), unaudited, Returns(200)],
  readAudited: [Get('read-audited'), audited('read'), Returns(200)],
  write: [Post('write'), unaudited, repeatable, Returns(201)],
  writeAudited: [Post('write-audited'), audited('create'), repeatable, Returns(201)],
  writeOnce: [Post('write-once'), audited('create'), Idempotent(), Returns(201)],
};
const { prototype } = CostController;
for (const [name, decorators] of Object.entries(declarations)) {
  const method = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(prototype, name));
  for (const decorate of [Access('ward:read'), ...decorators]) decorate(prototype, name, method);
  if (name.startsWith('write')) CurrentHospitalActor()(prototype, name, 0);
}
Inject(UnitOfWork)(CostController, undefined, 0);
Controller('api/v1/bench')(CostController);

class CostFeature {}
Module({ controllers: [CostController] })(CostFeature);

const config = new ApiConfig(process.env);
await runHttpService(await createApplication(config, [CostFeature]), config);
