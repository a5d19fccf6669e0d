import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { importSPKI, jwtVerify } from 'jose';
import { FakeHttp, type FakeAnswer, type FakeRequest } from './fake-http.js';

interface FcmMessage {
  readonly token: string;
  readonly notification: { readonly title: string; readonly body: string };
  readonly data: Readonly<Record<string, string>>;
  readonly android: { readonly notification: { readonly tag: string } };
  readonly apns: { readonly headers: Readonly<Record<string, string>> };
}

const projectId = 'hms-test';
const clientEmail = 'sender@hms-test.iam.gserviceaccount.com';
const scope = 'https://www.googleapis.com/auth/firebase.messaging';

/** Stands in for FCM's HTTP v1 API and for the token endpoint of Google, which checks what it is shown. */
export class FakeFcm extends FakeHttp {
  readonly #keys = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  readonly #granted = new Set<string>();
  /** What it took, oldest first. */
  readonly accepted: FcmMessage[] = [];
  /** Tokens of installations that are gone. */
  readonly unregistered = new Set<string>();
  tokensGranted = 0;

  /** As Google would hand it out. */
  get serviceAccount() {
    return {
      type: 'service_account',
      project_id: projectId,
      client_email: clientEmail,
      private_key_id: 'key-1',
      private_key: this.#keys.privateKey,
      token_uri: `${this.url}/token`,
    };
  }

  writeServiceAccount(file: string): void {
    writeFileSync(file, JSON.stringify(this.serviceAccount), { mode: 0o600 });
  }

  /** What the device with this token shows: one message for each tag, the newest. */
  shownOn(token: string): FcmMessage[] {
    const own = this.accepted.filter((message) => message.token === token);
    return [...new Map(own.map((message) => [message.android.notification.tag, message])).values()];
  }

  /** Access tokens count no more, long before their time. */
  revokeTokens(): void {
    this.#granted.clear();
  }

  protected isSending({ url }: FakeRequest): boolean {
    return url.pathname.endsWith(':send');
  }

  protected async answer(request: FakeRequest): Promise<FakeAnswer> {
    if (request.url.pathname === '/token') return this.#grant(request);
    if (request.url.pathname !== `/v1/projects/${projectId}/messages:send`) return failure(404, 'NOT_FOUND');
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (!this.#granted.has(token)) return failure(401, 'UNAUTHENTICATED');
    const { message } = JSON.parse(request.body) as { message: FcmMessage };
    if (this.unregistered.has(message.token)) return failure(404, 'NOT_FOUND', 'UNREGISTERED');
    if (!message.token || !message.notification.title) return failure(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT');
    this.accepted.push(message);
    return { status: 200, body: { name: `projects/${projectId}/messages/${randomBytes(8).toString('hex')}` } };
  }

  async #grant({ body }: FakeRequest): Promise<FakeAnswer> {
    const form = new URLSearchParams(body);
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return failure(400, 'INVALID');
    const key = await importSPKI(this.#keys.publicKey, 'RS256');
    const expected = { issuer: clientEmail, audience: `${this.url}/token`, maxTokenAge: 300 };
    const proved = await jwtVerify(form.get('assertion') ?? '', key, expected).catch(() => undefined);
    if (proved?.payload['scope'] !== scope) return failure(401, 'invalid_grant');
    const token = randomBytes(24).toString('base64url');
    this.#granted.add(token);
    this.tokensGranted += 1;
    return { status: 200, body: { access_token: token, expires_in: 3_599, token_type: 'Bearer' } };
  }
}

const failure = (code: number, status: string, errorCode?: string): FakeAnswer => {
  const type = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
  const details = errorCode === undefined ? [] : [{ '@type': type, errorCode }];
  return { status: code, body: { error: { code, message: status, status, details } } };
};
