import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';

/** Holds the OpenAPI document, which can be made only once all routes exist. */
@Injectable()
export class ApiDocument {
  #describe: (() => OpenAPIObject) | undefined;
  #document: OpenAPIObject | undefined;

  /** @param describe makes the document; asked once, by whoever needs it first */
  from(describe: () => OpenAPIObject): void {
    this.#describe = describe;
  }

  get(): OpenAPIObject {
    if (!this.#describe) throw new Error('the OpenAPI document can be made when the application is ready');
    this.#document ??= this.#describe();
    return this.#document;
  }
}
