import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { JSONWebKeySet } from 'jose';
import { Public, Returns } from '../../platform/access/access.decorator.js';
import { TokenKeys } from '../../platform/access/token-keys.service.js';

@ApiExcludeController()
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: TokenKeys) {}

  @Get('jwks.json')
  @Public('public keys, for whoever verifies our tokens')
  @Returns(200)
  @Header('cache-control', 'public, max-age=60')
  jwks(): JSONWebKeySet {
    return this.keys.jwks;
  }
}
