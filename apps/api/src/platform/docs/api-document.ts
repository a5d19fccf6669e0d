import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';

/** Holds the OpenAPI document, which exists only once all routes do. */
@Injectable()
export class ApiDocument {
  #document: OpenAPIObject | undefined;

  set(document: OpenAPIObject): void {
    this.#document = document;
  }

  get(): OpenAPIObject {
    if (!this.#document) throw new Error('the OpenAPI document is made when the application is ready');
    return this.#document;
  }
}
