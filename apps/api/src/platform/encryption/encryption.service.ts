import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { HospitalRef } from '@hms/database';
import { DataKeys, KeyProviderError, openKeyProvider, type FieldCipher } from '@hms/encryption';
import { assertOutsideTransaction, Counter, type Logger, type Registry } from '@hms/service-kit';
import { ApiConfig } from '../config/api-config.js';
import { metricsRegistry, rootLogger } from '../observability/observability.tokens.js';
import { DataKeyRepository } from './data-key.repository.js';

/**
 * Ciphers for the fields of a hospital and of the platform (docs/encryption.md). Ask for one before the transaction
 * that uses it: it may need the database and the key service. It is cheap: keys stay in memory.
 */
@Injectable()
export class Encryption implements OnApplicationBootstrap {
  readonly #keys: DataKeys;

  constructor(
    config: ApiConfig,
    store: DataKeyRepository,
    @Inject(rootLogger) private readonly logger: Logger,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    const unreadable = new Counter({
      name: 'encryption_unreadable_total',
      help: 'Sealed values that did not authenticate; each is tampering or a lost key',
      labelNames: ['table', 'column'],
      registers: [registry],
    });
    const providerErrors = new Counter({
      name: 'encryption_key_provider_errors_total',
      help: 'Failures to use a key-encryption key',
      registers: [registry],
    });
    this.#keys = new DataKeys(store, openKeyProvider(config.encryptionKeys), {
      onUnreadable: (place) => {
        unreadable.inc({ table: place.table, column: place.column });
        logger.error({ place }, 'a sealed value does not authenticate');
      },
      onProviderError: (err) => {
        providerErrors.inc();
        logger.error({ err }, 'a key-encryption key cannot be used');
      },
    });
  }

  /** Resolves also while keys are out of reach; the cipher's methods then throw `service.unavailable`. */
  forHospital(hospital: HospitalRef): Promise<FieldCipher> {
    return this.#cipherFor(hospital.id);
  }

  /** For what belongs to no hospital, such as users. Otherwise as {@link forHospital}. */
  forPlatform(): Promise<FieldCipher> {
    return this.#cipherFor(null);
  }

  /** Refused inside a transaction even when the keys are in memory: whether they are is chance. */
  async #cipherFor(hospitalId: string | null): Promise<FieldCipher> {
    assertOutsideTransaction('asking for the keys of encrypted fields');
    return this.#keys.cipherFor(hospitalId);
  }

  /** @throws an Error when keys are lost: values sealed from now on would never meet those sealed before */
  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.#keys.assertUsable();
    } catch (err) {
      if (err instanceof KeyProviderError) throw new Error(`Refusing to start: ${err.message}`, { cause: err });
      this.logger.warn({ err }, 'the keys of encrypted fields could not be checked');
    }
  }
}
