import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connectRedis,
  databaseRightsQuery,
  type Lifecycle,
  type Logger,
  type Registry,
  tooManyRights,
  trustOneHop,
} from '@hms/service-kit';
import { startAlarms, type Alarms } from './alarms/alarms.js';
import type { IngestConfig } from './config.js';
import { Lane, type LaneOptions } from './database/lane.js';
import { DeviceDirectory } from './devices/device-directory.js';
import { HealthWriter } from './devices/health/health-writer.js';
import { Authenticator } from './gateways/authenticator.js';
import { Hl7Sources } from './gateways/hl7-sources.js';
import { GatewayDirectory } from './gateways/gateway-directory.js';
import { activeHospitals } from './hospitals/active-hospitals.js';
import { EpochWatch } from './hospitals/epoch-watch.js';
import type { Hospital } from './hospitals/hospital.js';
import { Hospitals } from './hospitals/hospitals.js';
import type { Endpoint } from './http/endpoint.js';
import { HttpServer, type Replied } from './http/server.js';
import { AlarmMetrics } from './operations/alarm-metrics.js';
import { wrongPatientReport } from './operations/wrong-patient-report.js';
import { ErrorLog } from './operations/error-log.js';
import { IngestMetrics } from './operations/ingest-metrics.js';
import { ingestRoutes } from './routes.js';
import type { PokeSockets } from './sync/live/poke-sockets.js';
import { startSync } from './sync/start-sync.js';
import { counted } from './telemetry/counted.js';
import { Admission } from './telemetry/admission.js';
import type { DecodeApart } from './telemetry/decoding/body-reading.js';
import { DecodingThread, startDecodeWorker } from './telemetry/decoding/decoding-thread.js';
import { repairLatest } from './telemetry/live/latest-repair.js';
import { MllpServer } from './telemetry/hl7/mllp-server.js';
import { type MqttParts, serveMqtt } from './telemetry/mqtt/serve-mqtt.js';
import { committedValues } from './telemetry/live/committed-values.js';
import { LatestWriter } from './telemetry/live/latest-writer.js';
import { type Publisher, WardPublisher } from './telemetry/live/ward-publisher.js';
import { RecentBatches } from './telemetry/recent-batches.js';
import { TelemetrySockets } from './telemetry/socket/telemetry-sockets.js';
import { Batcher, type Writer } from './telemetry/store/batcher.js';
import { Breaker } from './telemetry/store/breaker.js';
import { DeadLetterBox } from './telemetry/store/dead-letter-box.js';
import { FlushNumbers } from './telemetry/store/flush-numbers.js';
import { FlushWriter } from './telemetry/store/flush-writer.js';
import type { StoreParts } from './telemetry/store/store-parts.js';
import type { TelemetryRouteParts } from './telemetry/telemetry.routes.js';
import { TelemetryService } from './telemetry/telemetry.service.js';

/** One backend stores some 300,000 rows a second; more only hide the round trips. */
const writers = 3;
const drainWithinMs = 8_000;

export interface IngestParts {
  readonly config: IngestConfig;
  readonly logger: Logger;
  readonly registry: Registry;
  /** What is started here is left with it to be stopped. */
  readonly lifecycle: Lifecycle;
  readonly createWriter?: (parts: StoreParts) => Writer;
}

/** Starts the service, which answers requests when this ends. */
export async function startIngest(parts: IngestParts): Promise<void> {
  const { lifecycle, logger, registry } = parts;
  const metrics = new IngestMetrics(registry);
  const hospitals = new Hospitals();
  const lookups = openLane(parts, { connections: 2, answerWithinMs: 5_000 });
  await refuseUnsafeDatabase(lookups, logger);
  const watch = new EpochWatch(openLane(parts, { answerWithinMs: 3_000 }), hospitals, logger);
  await watch.ask();
  watch.start();
  lifecycle.onStop('epoch watch', () => watch.stop());

  const devices = new DeviceDirectory(lookups, watch);
  const breaker = new Breaker();
  const batcher = await startBatcher(parts, { lookups, hospitals, devices, breaker, metrics });
  const admission = new Admission(batcher, breaker, (reason) => metrics.shed(reason));
  metrics.watch({ queuedRows: () => batcher.queuedRows, bodyBytes: () => admission.bodyBytes });
  const authenticator = new Authenticator(new GatewayDirectory(lookups, hospitals), watch);
  const health = new HealthWriter(lookups, logger);
  lifecycle.onStop('health of devices', () => health.stop());
  const deadLetters = new DeadLetterBox(lookups, (outcome, letters) => metrics.deadLetters(outcome, letters), logger);
  const service = new TelemetryService({
    devices,
    recent: new RecentBatches(),
    health: {
      add: (submission, stored) => {
        health.add(submission, stored);
        metrics.ofHospital(submission.content.hospital.slug, stored.length, submission.refusals.length);
      },
    },
    submit: (submission) => batcher.submit(submission),
    now: () => performance.now(),
    keep: (hospital, letters) => deadLetters.keep(hospital, letters),
    onWrongPatient: wrongPatientReport(logger, metrics),
  });
  const telemetry: TelemetryRouteParts = {
    authenticate: (header, address) => authenticator.authenticate(header, address),
    gate: admission,
    receive: counted((caller, batch, at) => service.receive(caller, batch, at), metrics),
    explain: (caller, batch, at) => service.explain(caller, batch, at),
    hl7Sources: new Hl7Sources(lookups, hospitals),
    decodeApart: startDecoding(parts),
    metrics,
    now: Date.now,
  };
  const { sync: syncConfig } = parts.config;
  const open = (options?: LaneOptions): Lane => openLane(parts, options);
  const sync = syncConfig && startSync({ config: syncConfig, hospitals, logger, lifecycle, metrics, openLane: open });
  const obstacles = (): string[] => [
    ...(lifecycle.stopping ? ['stopping'] : []),
    ...(breaker.open || !watch.trustworthy ? ['database'] : []),
  ];
  const endpoints = ingestRoutes({ ...telemetry, registry, obstacles }, sync);
  const sockets = new TelemetrySockets(telemetry, logger);
  metrics.watchSockets(() => sockets.size);
  if (sync) metrics.watchPokes(() => sync.pokes.size);
  await serve(parts, endpoints, { metrics, admission, sockets, pokes: sync?.pokes });
  await serveMllp(parts, telemetry);
  receiveMqtt(parts, telemetry, { open: () => activeHospitals(lookups, hospitals), deadLetters, metrics });
  void repairLatest({ lane: openLane(parts), hospitals, logger, stopping: () => lifecycle.stopping });
}

function startDecoding({ lifecycle, logger }: IngestParts): DecodeApart {
  const thread = new DecodingThread({
    startWorker: startDecodeWorker,
    onDied: (err) => logger.error({ err }, 'the decoding thread died, and is started again'),
  });
  lifecycle.onStop('decoding thread', () => thread.stop());
  return (hospital, job) => thread.decode(hospital, job);
}

const noWaiting = 'DATABASE_URL (synchronous_commit is off: what is acknowledged could be lost)';

async function refuseUnsafeDatabase(lookups: Lane, logger: Logger): Promise<void> {
  const [rights] = await lookups.run<{ tooMany: boolean }>(databaseRightsQuery);
  const [commits] = await lookups.run<{ wait: boolean }>(
    `select current_setting('synchronous_commit') <> 'off' as wait`,
  );
  const variable = rights?.tooMany !== false ? tooManyRights : commits?.wait !== true ? noWaiting : undefined;
  if (variable === undefined) return;
  logger.fatal({ variable }, 'refusing to start');
  throw new Error(`Refusing to start: ${variable}`);
}

interface StoreNeeds {
  readonly lookups: Lane;
  readonly hospitals: Hospitals;
  readonly devices: DeviceDirectory;
  readonly breaker: Breaker;
  readonly metrics: IngestMetrics;
}

async function startBatcher(parts: IngestParts, needs: StoreNeeds): Promise<Batcher> {
  const { lookups, hospitals, devices, breaker, metrics } = needs;
  const {
    config,
    registry,
    lifecycle,
    logger,
    createWriter = (store: StoreParts): Writer => new FlushWriter(store),
  } = parts;
  const [drawn] = await lookups.run<{ writer: number }>(`select nextval('public.ingest_writer')::int as writer`);
  if (!drawn) throw new Error('the database gave this process no number');
  const numbers = new FlushNumbers();
  const redis = connectRedis(config.redisUrl, logger, { enableAutoPipelining: true });
  lifecycle.onStop('redis', () => redis.disconnect());
  const alarms = startAlarms({
    lane: openLane(parts),
    scores: openLane(parts),
    claims: openLane(parts),
    late: openLane(parts),
    writer: drawn.writer,
    hospitals,
    redis,
    metrics: new AlarmMetrics(registry),
    logger,
    lifecycle,
  });
  const store = {
    writer: drawn.writer,
    numbers,
    breaker,
    logger,
    reloadDevices: devices.reload.bind(devices),
    onCommitted: liveOutputs(parts, { redis, alarms, numbers, metrics }),
    onRaised: alarms.onRaised,
    metrics,
  };
  return new Batcher(Array.from({ length: writers }, () => createWriter({ ...store, lane: openLane(parts) })));
}

interface OutputNeeds {
  readonly redis: Publisher;
  readonly alarms: Alarms;
  readonly numbers: FlushNumbers;
  readonly metrics: IngestMetrics;
}

function liveOutputs(parts: IngestParts, { redis, alarms, numbers, metrics }: OutputNeeds): StoreParts['onCommitted'] {
  const { logger, lifecycle } = parts;
  const latest = new LatestWriter(openLane(parts), logger);
  lifecycle.onStop('latest vitals', () => latest.stop());
  const publisher = new WardPublisher(timed(redis, metrics), () => metrics.publishLost());
  lifecycle.onStop('live vitals', () => publisher.stop());
  return (group, mark) => {
    const { hospital, rows } = group;
    try {
      const values = committedValues(rows, Date.now());
      publisher.publish(hospital, values.fresh, numbers.position);
      alarms.onCommitted(group, values, mark);
      latest.add(group, values);
    } catch (err) {
      logger.error({ err, hospitalId: hospital.id }, 'committed, but not shown');
    }
  };
}

function timed(redis: Publisher, metrics: IngestMetrics): Publisher {
  return {
    publish: async (channel, message) => {
      const began = performance.now();
      await redis.publish(channel, message);
      metrics.published((performance.now() - began) / 1_000);
    },
  };
}

interface Served {
  readonly metrics: IngestMetrics;
  readonly admission: Admission;
  readonly sockets: TelemetrySockets;
  readonly pokes: PokeSockets | undefined;
}

async function serve(
  { config, logger, lifecycle }: IngestParts,
  endpoints: readonly Endpoint[],
  { metrics, admission, sockets, pokes }: Served,
): Promise<void> {
  const errors = new ErrorLog(logger);
  const onReplied = (replied: Replied): void => {
    metrics.replied(replied.path, replied.status);
    errors.replied(replied);
  };
  const server = new HttpServer(endpoints, onReplied, trustOneHop(config.trustedProxies));
  server.serveSockets(sockets.route);
  if (pokes) server.serveSockets(pokes.route);
  await server.listen(config.host, config.port);
  lifecycle.onStop('http', async () => {
    admission.drain();
    pokes?.stop();
    await Promise.race([Promise.all([sockets.drain(), server.drain()]), delay(drainWithinMs)]);
    server.close();
  });
  logger.info({ host: config.host, port: config.port }, 'listening');
}

async function serveMllp({ config, logger, lifecycle }: IngestParts, telemetry: TelemetryRouteParts): Promise<void> {
  if (!config.mllp) return;
  const { port, tls } = config.mllp;
  const files = tls && { cert: readFileSync(tls.certificateFile), key: readFileSync(tls.keyFile) };
  const server = new MllpServer(telemetry, logger, { tls: files, trustsHop: trustOneHop(config.trustedProxies) });
  await server.listen(config.host, port);
  lifecycle.onStop('mllp', () => Promise.race([server.drain(), delay(drainWithinMs)]));
  logger.info({ host: config.host, port, tls: files !== undefined }, 'listening for HL7 over MLLP');
}

interface MqttNeeds {
  /** The hospitals that are open now. */
  readonly open: () => Promise<readonly Hospital[]>;
  readonly deadLetters: DeadLetterBox;
  readonly metrics: IngestMetrics;
}

function receiveMqtt(
  { config, logger, lifecycle }: IngestParts,
  telemetry: TelemetryRouteParts,
  { open, deadLetters, metrics }: MqttNeeds,
): void {
  if (!config.mqtt) return;
  // What comes again just after a start waits for the connection, or it would be taken for new.
  const waiting = { enableOfflineQueue: true, commandTimeout: 5_000 };
  const memory = connectRedis(config.redisUrl, logger, { enableAutoPipelining: true, ...waiting });
  lifecycle.onStop('redis', () => memory.disconnect());
  const parts: MqttParts = {
    ...telemetry,
    memory,
    keep: (hospital, letters) => deadLetters.keep(hospital, letters),
    hospitals: async () => (await open()).map(({ slug }) => slug),
    count: (outcome) => metrics.mqttSettled(outcome),
    retried: () => metrics.mqttRetried(),
  };
  const stop = serveMqtt(config.mqtt, parts, logger);
  lifecycle.onStop('mqtt', () => Promise.race([stop(), delay(drainWithinMs)]));
}

function openLane({ config, lifecycle }: IngestParts, options?: LaneOptions): Lane {
  const lane = new Lane(config.databaseUrl, options);
  lifecycle.onStop('database', () => lane.close());
  return lane;
}
