import { Module } from '@nestjs/common';
import { AuditChainRepository } from './audit-chain.repository.js';
import { AuditSequencerRunner } from './audit-sequencer.runner.js';
import { AuditSequencer } from './audit-sequencer.service.js';

/** For the worker: requests only add rows. */
@Module({ providers: [AuditChainRepository, AuditSequencer, AuditSequencerRunner], exports: [AuditSequencer] })
export class AuditSequencerModule {}
