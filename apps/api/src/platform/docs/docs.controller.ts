import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Param, StreamableFile } from '@nestjs/common';
import { ApiExcludeController, type OpenAPIObject } from '@nestjs/swagger';
import { commonError } from '@hms/contracts';
import { Public, Returns } from '../access/access.decorator.js';
import { ApiDocument } from './api-document.js';

const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
};
const assetFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>HMS API reference</title>
<link rel="stylesheet" href="/api/docs/assets/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="/api/docs/assets/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`;
const start = `SwaggerUIBundle({
  url: '/api/openapi.json', dom_id: '#reference', deepLinking: true, filter: true, docExpansion: 'list',
  tagsSorter: 'alpha', defaultModelsExpandDepth: 0, persistAuthorization: false,
});
`;

/** The API reference, served from our own files: it works without the internet. */
@ApiExcludeController()
@Controller('api')
export class DocsController {
  constructor(private readonly document: ApiDocument) {}

  @Get('openapi.json')
  @Public('the API is documented for everybody who builds on it')
  @Returns(200)
  openapi(): OpenAPIObject {
    return this.document.get();
  }

  @Get('docs')
  @Public('the API is documented for everybody who builds on it')
  @Returns(200)
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', contentSecurityPolicy)
  page(): string {
    return page;
  }

  @Get('docs/start.js')
  @Public('part of the API reference')
  @Returns(200)
  @Header('content-type', 'text/javascript; charset=utf-8')
  start(): string {
    return start;
  }

  @Get('docs/assets/:file')
  @Public('part of the API reference')
  @Returns(200)
  asset(@Param('file') file: string): StreamableFile {
    const type = Object.hasOwn(assets, file) ? assets[file] : undefined;
    if (type === undefined) throw commonError('route.not-found');
    return new StreamableFile(createReadStream(join(assetFolder, file)), { type });
  }
}
