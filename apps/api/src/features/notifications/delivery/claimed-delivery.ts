import type { TemplateCode } from '../notification.terms.js';

/** A delivery this process sends, until its lease ends. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly notificationId: string;
  readonly pushTokenId: string | null;
  readonly urgent: boolean;
  /** This try; whoever begins a later one has taken over. */
  readonly attempt: number;
  /** Since when the provider may know of it: an earlier try did not say how it ended. Null when none did. */
  readonly inDoubtSince: Date | null;
  readonly isExpired: boolean;
  readonly code: TemplateCode;
  readonly params: Readonly<Record<string, string>>;
  readonly userId: string | null;
  readonly patientId: string | null;
  readonly expiresAt: Date;
  /** Of a user who belongs to the hospital, or else of the patient. */
  readonly email: string | null;
  readonly name: string | null;
  readonly phone: string | null;
  /** Wishes for a language, the strongest first. */
  readonly languages: (string | null)[];
  readonly hospitalName: string;
  readonly timezone: string;
  /** False when the user left the hospital, or the patient died or was deleted. */
  readonly isRecipient: boolean;
  /** Why it is not to be told any more though it was planned; null when it is. */
  readonly withdrawnBy: 'appointment.changed' | 'broadcast.cancelled' | null;
}

/** How a try ended. */
export type Ending =
  | { readonly status: 'sent'; readonly providerId: string }
  | { readonly status: 'failed' | 'expired' | 'cancelled'; readonly error: string }
  | { readonly status: 'queued' | 'sending'; readonly error: string; readonly retryInMs: number };
