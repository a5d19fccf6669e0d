// A worker whose consumers count their effects, to be killed in the middle: worker-child.mjs <effects table> <exact> <careless>
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { HospitalDatabase } from '@hms/database';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiConfig } from '../../dist/platform/config/api-config.js';
import { ConfigModule } from '../../dist/platform/config/config.module.js';
import { DatabaseModule } from '../../dist/platform/database/database.module.js';
import { EventsModule } from '../../dist/platform/events/events.module.js';
import { RelayModule } from '../../dist/platform/events/relay.module.js';
import { ObservabilityModule } from '../../dist/platform/observability/observability.module.js';

const [effects, exact, careless] = process.argv.slice(2);
const count = (tx, name, { id }) =>
  tx.$executeRawUnsafe(`insert into ${effects} (consumer, event_id) values ($1, $2::uuid)`, name, id);
/** What makes it likely that a kill comes between an effect and the end of its delivery. */
const whileMs = 5;
const database = new HospitalDatabase({ url: process.env.DATABASE_URL, poolSize: 8, onError() {} });

const consumers = [
  {
    name: exact,
    effect: 'platform',
    async handle(event, tx) {
      await count(tx, exact, event);
      await delay(whileMs);
    },
  },
  {
    name: careless,
    effect: 'external',
    async handle(event) {
      await database.inPublic((tx) => count(tx, careless, event));
      await delay(whileMs);
    },
  },
].map((consumer) => ({ ...consumer, types: ['patient.updated'], backoffMs: 10, deadlineMs: 1_000 }));

class Consumers {}
class Worker {}
Module({})(Worker);
Module({
  providers: consumers.map((consumer) => ({ provide: consumer.name, useValue: consumer })),
  exports: consumers.map(({ name }) => name),
})(Consumers);
const imports = [
  ConfigModule.with(new ApiConfig(process.env)),
  ObservabilityModule.of('worker'),
  DatabaseModule,
  EventsModule,
  RelayModule.serving([exact, careless], [Consumers]),
];
await NestFactory.createApplicationContext({ module: Worker, imports }, { logger: false });
