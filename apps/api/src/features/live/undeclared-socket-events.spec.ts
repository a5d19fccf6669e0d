import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Access } from '../../platform/access/access.decorator.js';
import { undeclaredSocketEvents } from './undeclared-socket-events.js';

@WebSocketGateway()
class DeclaredGateway {
  @SubscribeMessage('a')
  @Access('live:listen')
  a(): void {
    // only its decorators matter
  }

  notAnEvent(): void {
    // needs no rule
  }
}

@WebSocketGateway()
class ForgetfulGateway extends DeclaredGateway {
  @SubscribeMessage('b')
  b(): void {
    // only its decorators matter
  }
}

const undeclared = async (...providers: (typeof DeclaredGateway)[]): Promise<string[]> => {
  const module = await Test.createTestingModule({ imports: [DiscoveryModule], providers }).compile();
  return undeclaredSocketEvents(module.get(DiscoveryService));
};

describe('the check at start-up', () => {
  it('names every socket event without @Access', async () => {
    expect(await undeclared(DeclaredGateway, ForgetfulGateway)).toEqual(['ForgetfulGateway.b']);
  });

  it('is content when each has one', async () => {
    expect(await undeclared(DeclaredGateway)).toEqual([]);
  });
});
