import { Global, Module } from '@nestjs/common';
import { DataKeyRepository } from './data-key.repository.js';
import { Encryption } from './encryption.service.js';

@Global()
@Module({ providers: [DataKeyRepository, Encryption], exports: [Encryption] })
export class EncryptionModule {}
