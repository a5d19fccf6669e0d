import { type AppError, commonError, telemetryError } from '@hms/contracts';
import type { HttpResponse } from 'uWebSockets.js';
import { decompress, decompressSmall, readBody, sizeOf } from './body.js';
import type { Responder } from './responder.js';
import type { Apart, Reply, RequestHead, Route } from './route.js';

/** Who heeds no refusal asks no more often on each connection: answering it costs nearly as much as storing. */
const tooManyAnsweredAfterMs = 1_000;

interface Reserved<Caller> {
  readonly bytes: number;
  /** Undefined when it was not known yet. */
  readonly caller: Caller | undefined;
}

interface Body {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** They stay; others are valid until the event loop goes on. */
  readonly owned: boolean;
}

const nothing: Body = { bytes: new Uint8Array(), owned: true };
const encodings: ReadonlySet<string> = new Set(['', 'identity', 'gzip']);

/**
 * One request on its way through the pipeline: authenticate, admit, read, decode, handle, reply. Whoever may not come
 * in is told before a byte of the body is looked at.
 */
export class Exchange<Caller, Input> {
  /** What is reserved at the gate, until the work is done. */
  #reserved: Reserved<Caller> | undefined;
  #reading = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    private readonly route: Route<Caller, Input>,
    private readonly head: RequestHead,
    private readonly responder: Responder,
  ) {}

  begin(response: HttpResponse): void {
    const { route, head } = this;
    try {
      const caller = route.access.authenticate(head);
      this.#deadline = setTimeout(() => this.#expire(), route.deadlineMs);
      if (caller instanceof Promise) caller.catch((err: unknown) => this.#fail(err));
      const refusal = this.#admit(caller instanceof Promise ? undefined : caller);
      if (refusal) this.#whenKnown(caller, () => this.#refuse(refusal));
      else if (route.accepts.length === 0) this.#whenKnown(caller, (known) => this.#proceed(known, nothing));
      else this.#read(response, caller);
    } catch (err) {
      this.#fail(err);
    }
  }

  /** The client left. What it sent completely is still worked on: it will ask again, and find it done. */
  abandon(): void {
    if (this.#reading) this.#end();
  }

  /** Says why the request may not come in, or lets it in. */
  #admit(caller: Caller | undefined): AppError | undefined {
    const { route, head } = this;
    if (route.accepts.length > 0) {
      if (!route.accepts.includes(mediaType(head.contentType))) return commonError('body.unsupported-type');
      if (!encodings.has(head.contentEncoding)) return commonError('body.unsupported-type');
      if ((head.contentLength ?? 0) > route.maxBytes) return commonError('body.too-large');
    }
    return this.#reserve(head.contentLength ?? route.maxBytes, caller);
  }

  /** Instead of what is reserved already, which is gone when there is no room. */
  #reserve(bytes: number, caller: Caller | undefined): AppError | undefined {
    this.#release();
    const refusal = this.route.gate.enter(bytes, caller);
    if (!refusal) this.#reserved = { bytes, caller };
    return refusal;
  }

  /** A body of unknown length was taken to be as long as it may. */
  #giveBackBeyond(needed: number): void {
    const reserved = this.#reserved;
    if (!reserved || reserved.bytes <= needed) return;
    this.route.gate.leave(reserved.bytes - needed, reserved.caller);
    this.#reserved = { ...reserved, bytes: needed };
  }

  #release(): void {
    const { bytes, caller } = this.#reserved ?? {};
    this.#reserved = undefined;
    if (bytes !== undefined) this.route.gate.leave(bytes, caller);
  }

  #read(response: HttpResponse, caller: Caller | Promise<Caller>): void {
    this.#reading = true;
    const size = { maxBytes: this.route.maxBytes, expected: this.head.contentLength };
    readBody(response, size, {
      tooLarge: () => this.#whenKnown(caller, () => this.#fail(commonError('body.too-large'))),
      whole: (bytes, owned) => {
        this.#reading = false;
        this.#giveBackBeyond(bytes.length);
        const body = { bytes, owned };
        const kept = caller instanceof Promise ? own(body) : body;
        this.#whenKnown(caller, (known) => this.#proceed(known, kept));
      },
    });
  }

  /** Nobody but a known caller learns anything beyond that they are unknown. */
  #whenKnown(caller: Caller | Promise<Caller>, work: (known: Caller) => void): void {
    if (caller instanceof Promise) caller.then(work, () => undefined);
    else work(caller);
  }

  #proceed(caller: Caller, body: Body): void {
    const { route, head } = this;
    if (!this.responder.open) {
      this.#end();
      return;
    }
    try {
      const { apart, maxBytes, inflatedBytes = maxBytes } = route;
      const { contentEncoding } = head;
      const refusal = apart ? undefined : this.#makeRoom(body, caller, inflatedBytes);
      if (refusal) {
        this.#refuse(refusal);
        return;
      }
      const small = apart
        ? decompressSmall(body.bytes, contentEncoding, apart.above)
        : decompress(body.bytes, contentEncoding, inflatedBytes);
      if (small) this.#handle(caller, route.decode(small, head));
      else if (apart) this.#decodeApart(apart, caller, body);
    } catch (err) {
      this.#fail(err);
    }
  }

  /** What a compressed body holds is counted, too: it will be there all at once. */
  #makeRoom({ bytes }: Body, caller: Caller, mostBytes: number): AppError | undefined {
    const held = Math.min(sizeOf(bytes, this.head.contentEncoding), mostBytes);
    return held > (this.#reserved?.bytes ?? 0) ? this.#reserve(held, caller) : undefined;
  }

  #decodeApart(apart: Apart<Caller, Input>, caller: Caller, body: Body): void {
    const { route, head } = this;
    const refusal = this.#makeRoom(body, caller, route.maxBytes);
    if (refusal) {
      this.#refuse(refusal);
      return;
    }
    const fail = (err: unknown): void => this.#fail(err);
    apart
      .decode(caller, own(body).bytes, head)
      .then((input) => this.#handle(caller, input), fail)
      .catch(fail);
  }

  #handle(caller: Caller, input: Input): void {
    const reply = this.route.handle(caller, input);
    if (reply instanceof Promise)
      reply.then(
        (r) => this.#send(r),
        (err: unknown) => this.#fail(err),
      );
    else this.#send(reply);
  }

  #send(reply: Reply): void {
    this.#end();
    this.responder.send(reply);
  }

  #refuse(refusal: AppError): void {
    if (refusal.spec.status === 429) setTimeout(() => this.#fail(refusal), tooManyAnsweredAfterMs);
    else this.#fail(refusal);
  }

  #fail(err: unknown): void {
    this.#end();
    this.responder.fail(err);
  }

  /** A body that does not end is cut off; work that does not end keeps its place, for it still goes on. */
  #expire(): void {
    if (this.#reading) {
      this.#end();
      this.responder.fail(telemetryError('body.timeout'), { close: true });
    } else {
      this.responder.fail(commonError('service.unavailable'));
    }
  }

  #end(): void {
    this.#reading = false;
    clearTimeout(this.#deadline);
    this.#release();
  }
}

const own = (body: Body): Body => (body.owned ? body : { bytes: new Uint8Array(body.bytes), owned: true });

/** Without parameters: `application/json; charset=utf-8` is `application/json`. */
export function mediaType(header: string): string {
  const end = header.indexOf(';');
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
}
