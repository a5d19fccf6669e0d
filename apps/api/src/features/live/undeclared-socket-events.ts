import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { GATEWAY_METADATA, MESSAGE_MAPPING_METADATA } from '@nestjs/websockets/constants.js';
import { accessRuleKey } from '../../platform/access/access.decorator.js';

/** Every `@SubscribeMessage` handler of the application that does not declare `@Access`, as `Gateway.method`. */
export function undeclaredSocketEvents(discovery: DiscoveryService): string[] {
  const scanner = new MetadataScanner();
  return discovery.getProviders().flatMap(({ metatype }) => {
    if (!metatype || Reflect.getMetadata(GATEWAY_METADATA, metatype) !== true) return [];
    const prototype = metatype.prototype as Record<string, object>;
    return scanner
      .getAllMethodNames(prototype)
      .filter((name) => {
        const handler = prototype[name];
        return (
          handler !== undefined &&
          Reflect.hasMetadata(MESSAGE_MAPPING_METADATA, handler) &&
          !Reflect.hasMetadata(accessRuleKey, handler)
        );
      })
      .map((name) => `${metatype.name}.${name}`);
  });
}
