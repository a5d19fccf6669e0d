/** How somebody proves who they are first: a password, or another identity provider's word. */
export type FirstFactor = 'pwd' | 'fed';
export type SecondFactor = 'otp' | 'recovery';

export type AuthenticationMethod = FirstFactor | SecondFactor;

const methods: readonly string[] = ['pwd', 'fed', 'otp', 'recovery'] satisfies AuthenticationMethod[];
export const isAuthenticationMethod = (text: string): text is AuthenticationMethod => methods.includes(text);

/** How the holder of a session proved who they are. */
export interface SessionProof {
  readonly amr: readonly AuthenticationMethod[];
  /** When a second factor was verified; null: none was. */
  readonly mfaAt: Date | null;
}

export const proofBy = (
  first: FirstFactor,
  second?: { readonly factor: SecondFactor; readonly at: Date },
): SessionProof => (second ? { amr: [first, second.factor], mfaAt: second.at } : { amr: [first], mfaAt: null });
