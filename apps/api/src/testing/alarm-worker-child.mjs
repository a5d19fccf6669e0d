// A worker that only tells of the alarms of one hospital, to be killed in the middle: alarm-worker-child.mjs <hospital> [careless]
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { HospitalDatabase, hospitalRef } from '@hms/database';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AlarmDeliveryModule } from '../../dist/features/alarms/alarm-delivery.module.js';
import { AgendaRepository } from '../../dist/features/alarms/delivery/agenda.repository.js';
import { TellingRepository } from '../../dist/features/alarms/delivery/telling.repository.js';
import { AlarmsRepository } from '../../dist/features/alarms/episodes/alarms.repository.js';
import { ApiConfig } from '../../dist/platform/config/api-config.js';
import { ConfigModule } from '../../dist/platform/config/config.module.js';
import { DatabaseModule } from '../../dist/platform/database/database.module.js';
import { EventsModule } from '../../dist/platform/events/events.module.js';
import { ObservabilityModule } from '../../dist/platform/observability/observability.module.js';

const [hospitalId, careless] = process.argv.slice(2);
/** What makes it likely that a kill comes in the middle of a telling. */
const whileMs = 20;
const database = new HospitalDatabase({ url: process.env.DATABASE_URL, poolSize: 8, onError() {} });

AgendaRepository.prototype.due = async (without, take) => {
  const rows = await database.publicClient.$queryRaw`
    select a.item_id as id, a.kind, h.slug, a.due_at as "dueAt"
      from public.alarm_agenda a join public.hospital h on h.id = a.hospital_id
     where h.id = ${hospitalId}::uuid and a.due_at <= now() and a.item_id <> all (${without}::uuid[])
     order by a.due_at limit ${take}`;
  return rows.map(({ slug, ...item }) => ({ ...item, hospital: hospitalRef({ id: hospitalId, slug }) }));
};

const { update } = TellingRepository.prototype;
TellingRepository.prototype.update = async function (...given) {
  await delay(whileMs);
  return update.apply(this, given);
};

if (careless) {
  const { addEvent } = AlarmsRepository.prototype;
  AlarmsRepository.prototype.addEvent = function (tx, event) {
    return database.inHospital(tx.hospital, (own) => addEvent.call(this, own, event));
  };
}

class Worker {}
Module({})(Worker);
const imports = [
  ConfigModule.with(new ApiConfig(process.env)),
  ObservabilityModule.of('worker'),
  DatabaseModule,
  EventsModule,
  AlarmDeliveryModule,
];
await NestFactory.createApplicationContext({ module: Worker, imports }, { logger: false });
