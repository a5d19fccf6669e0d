import { Module } from '@nestjs/common';
import { QueuesModule } from '../jobs/jobs.module.js';
import { QueueBoardController } from './queue-board.controller.js';

@Module({ imports: [QueuesModule], controllers: [QueueBoardController] })
export class QueueBoardModule {}
