import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';

const protocolVersion = 5;
const keepAliveS = 30;
const pingEveryMs = 20_000;
const silentForMs = 45_000;
const connectWithinMs = 10_000;
/** As long as readings are taken after they were recorded: what waits longer at the broker would be refused anyway. */
const sessionExpiryS = 7 * 24 * 3_600;
const firstFailure = 0x80;

export interface MqttOptions {
  /** `mqtt:` or `mqtts:`, with user and password. */
  readonly url: URL;
  /** Names the session at the broker: it has to be the same after a restart, and nobody else's. */
  readonly clientId: string;
  /** Topic filter. */
  readonly subscription: string;
  /** How many messages the broker may have sent that are not acknowledged yet. */
  readonly receiveMaximum: number;
  readonly maxMessageBytes: number;
}

/** One message the broker sent. */
export interface Delivery {
  readonly topic: string;
  readonly payload: Buffer;
  readonly contentType: string;
  /** The first value of a user property, or empty. */
  readonly property: (name: string) => string;
  /** Its packet identifier: that of no other message of the session until it is acknowledged. None with QoS 0. */
  readonly messageId: number | undefined;
  /** The broker sent it before, on an earlier connection. */
  readonly isDuplicate: boolean;
  /** Whether it is sent again when it is not acknowledged (QoS 1). */
  readonly kept: boolean;
  /** False once the connection it came on is gone: the broker sends it again on the next. */
  readonly open: () => boolean;
  /** Tells the broker to forget it. */
  readonly acknowledge: () => void;
  /** Ends the connection: the broker keeps it, like all that is not acknowledged, and sends it again on the next. */
  readonly giveBack: () => void;
}

/**
 * One connection of a persistent MQTT 5 session. Messages are handed on as they come, many at a time, and acknowledged
 * one by one in any order: `mqtt` (5.16) holds back everything behind a message that is not acknowledged yet, the
 * broker's sign of life included.
 */
export class MqttConnection {
  /** Why it ended; undefined when it was asked to. */
  readonly ended: Promise<Error | undefined>;
  readonly #socket: Socket;
  readonly #pings: NodeJS.Timeout;
  readonly #late: NodeJS.Timeout;
  #heardAt = performance.now();
  #subscribed = false;
  #failure: Error | undefined;

  constructor(
    private readonly options: MqttOptions,
    private readonly onDelivery: (delivery: Delivery) => void,
    private readonly onSubscribed: () => void,
  ) {
    this.#socket = open(options.url).setNoDelay(true);
    const packets = parser({ protocolVersion });
    packets.on('packet', (packet: Packet) => this.#received(packet));
    packets.on('error', (err: unknown) => this.#fail(toError(err)));
    this.#socket.on('data', (chunk) => {
      this.#heardAt = performance.now();
      packets.parse(chunk);
    });
    this.#pings = setInterval(() => this.#keepAlive(), pingEveryMs);
    this.#late = setTimeout(() => this.#fail(new Error('the broker did not answer')), connectWithinMs);
    this.ended = new Promise((resolve) => {
      this.#socket.on('error', (err) => (this.#failure ??= err));
      this.#socket.on('close', () => {
        clearTimeout(this.#late);
        clearInterval(this.#pings);
        resolve(this.#failure);
      });
    });
    this.#send(connectPacket(options));
  }

  /** Takes nothing more. What was taken can still be acknowledged. */
  pause(): void {
    this.#socket.pause();
  }

  /** The session stays at the broker. */
  close(): void {
    this.#send({ cmd: 'disconnect', reasonCode: 0 });
    this.#socket.destroySoon();
    this.#socket.resume();
  }

  #received(packet: Packet): void {
    if (packet.cmd === 'publish') this.#deliver(packet);
    else if (packet.cmd === 'connack') this.#connected(packet.reasonCode ?? firstFailure);
    else if (packet.cmd === 'suback') this.#granted(packet.granted[0]);
    else if (packet.cmd === 'disconnect') this.#fail(new Error(`the broker ended it (${packet.reasonCode ?? 0})`));
  }

  #connected(reasonCode: number): void {
    if (reasonCode !== 0) {
      this.#fail(new Error(`the broker refused the connection (${reasonCode})`));
      return;
    }
    this.#send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: this.options.subscription, qos: 1 }] });
  }

  #granted(granted: unknown): void {
    if (typeof granted !== 'number' || granted >= firstFailure) {
      this.#fail(new Error(`the broker refused the subscription (${String(granted)})`));
      return;
    }
    clearTimeout(this.#late);
    this.#subscribed = true;
    this.onSubscribed();
  }

  #deliver({ topic, payload, properties = {}, qos, dup, messageId }: IPublishPacket): void {
    const open = (): boolean => this.#socket.writable;
    const { userProperties = {}, contentType = '' } = properties;
    this.onDelivery({
      topic,
      payload: Buffer.from(payload),
      contentType,
      property: (name) => [Object.hasOwn(userProperties, name) ? (userProperties[name] ?? '') : ''].flat()[0] ?? '',
      messageId: qos > 0 ? messageId : undefined,
      isDuplicate: dup,
      kept: qos > 0,
      giveBack: () => this.#fail(new Error('there is no room for more')),
      open,
      acknowledge: () => {
        if (qos > 0 && messageId !== undefined && open()) this.#send({ cmd: 'puback', messageId, reasonCode: 0 });
      },
    });
  }

  #keepAlive(): void {
    if (performance.now() - this.#heardAt > silentForMs) this.#fail(new Error('the broker is silent'));
    else if (this.#subscribed) this.#send({ cmd: 'pingreq' });
  }

  #send(packet: Packet): void {
    this.#socket.write(generate(packet, { protocolVersion }));
  }

  #fail(err: Error): void {
    this.#failure ??= err;
    this.#socket.destroy();
  }
}

function open(url: URL): Socket {
  const host = url.hostname;
  if (url.protocol !== 'mqtts:') return connectPlain(Number(url.port || 1883), host);
  return connectTls({ host, servername: host, port: Number(url.port || 8883), minVersion: 'TLSv1.2' });
}

const connectPacket = ({ url, clientId, receiveMaximum, maxMessageBytes }: MqttOptions): Packet => ({
  cmd: 'connect',
  protocolVersion,
  clientId,
  clean: false,
  keepalive: keepAliveS,
  ...(url.username === ''
    ? {}
    : { username: decodeURIComponent(url.username), password: Buffer.from(decodeURIComponent(url.password)) }),
  properties: { sessionExpiryInterval: sessionExpiryS, receiveMaximum, maximumPacketSize: maxMessageBytes },
});

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
