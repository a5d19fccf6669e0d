import type { Endpoint } from './http/endpoint.js';
import { type SyncRouteParts, syncRoutes } from './sync/sync.routes.js';
import { type OperationsRouteParts, operationsRoutes } from './operations/operations.routes.js';
import { explainRoutes } from './telemetry/explain.routes.js';
import { fhirRoutes } from './telemetry/fhir/fhir.routes.js';
import { hl7Routes } from './telemetry/hl7/hl7.routes.js';
import { influxRoutes } from './telemetry/influx/influx.routes.js';
import { type TelemetryRouteParts, telemetryRoutes } from './telemetry/telemetry.routes.js';

/** Everything this service answers. */
export const ingestRoutes = (
  parts: TelemetryRouteParts & OperationsRouteParts,
  sync: SyncRouteParts | undefined,
): readonly Endpoint[] => [
  ...telemetryRoutes(parts),
  ...explainRoutes(parts),
  ...influxRoutes(parts),
  ...hl7Routes(parts),
  ...fhirRoutes(parts),
  ...(sync ? syncRoutes(sync) : []),
  ...operationsRoutes(parts),
];
