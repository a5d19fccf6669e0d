import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

const description = `One platform for many hospitals.

Sign in with \`POST /api/v1/auth/login\` and send the access token as \`Authorization: Bearer …\`. Every failure is
\`application/problem+json\` with a stable \`code\`. Lists answer \`{ items, nextCursor }\`. Changes need \`If-Match\` with
the \`ETag\` that was read. A POST that creates something needs an \`Idempotency-Key\`: a fresh UUID, and the same one
when the request is sent again (docs/idempotency.md). Telemetry (\`POST /telemetry\`) is described in docs/telemetry.md.`;

/** The OpenAPI document of every route the application has. */
export function describeApi(nest: INestApplication): OpenAPIObject {
  const info = new DocumentBuilder()
    .setTitle('HMS')
    .setDescription(description)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  return SwaggerModule.createDocument(nest, info, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
}
