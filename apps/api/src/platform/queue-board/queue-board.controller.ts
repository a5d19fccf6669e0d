import { Controller, Headers, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../access/access.decorator.js';
import { ApiConfig } from '../config/api-config.js';
import { boardCookie, boardPath } from './board-cookie.js';

const lifetimeSeconds = 600;

@ApiTags('platform')
@Controller('api/v1/admin/queues')
export class QueueBoardController {
  readonly #attributes: string;

  constructor({ publicUrl }: ApiConfig) {
    const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
    this.#attributes = `Path=${boardPath}; Max-Age=${lifetimeSeconds}; HttpOnly; SameSite=Strict${secure}`;
  }

  /** Lets this browser open the board of the queues for ten minutes, or until the access token expires. */
  @Post('session')
  @Access('queue:inspect', 'any')
  @Returns(204)
  open(@Headers('authorization') authorization: string, @Res({ passthrough: true }) reply: FastifyReply): void {
    const token = authorization.replace(/^Bearer /i, '');
    void reply.header('set-cookie', `${boardCookie}=${token}; ${this.#attributes}`);
  }
}
