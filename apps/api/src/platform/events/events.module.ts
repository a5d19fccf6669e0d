import { Global, Module } from '@nestjs/common';
import { OutboxRepository } from './outbox.repository.js';
import { Outbox } from './outbox.service.js';

@Global()
@Module({ providers: [Outbox, OutboxRepository], exports: [Outbox] })
export class EventsModule {}
