import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ApiConfig } from './api-config.js';

@Global()
@Module({})
export class ConfigModule {
  static with(config: ApiConfig): DynamicModule {
    return { module: ConfigModule, providers: [{ provide: ApiConfig, useValue: config }], exports: [ApiConfig] };
  }
}
