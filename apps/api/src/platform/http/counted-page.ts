import { IsOptional } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { IsFlag } from './fields.js';
import { type Page, PageQueryDto } from './page.js';

export class CountedPageQueryDto extends PageQueryDto {
  /** Also count the whole list, as `X-Total-Count`. */
  @IsOptional()
  @IsFlag()
  count?: boolean;
}

/** A page and, when it was asked for, how many rows the whole list has. */
export interface CountedPage<T> extends Page<T> {
  readonly total?: number;
}

/** Puts the total where it belongs: into `X-Total-Count`, not into the body. */
export function answerPage<T>(reply: FastifyReply, { total, ...page }: CountedPage<T>): Page<T> {
  if (total !== undefined) void reply.header('x-total-count', String(total));
  return page;
}
