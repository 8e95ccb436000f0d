/** Tokens of service accounts, for the pods that show them as files. */
export interface TokenSource {
  /** A fresh token each time; rejects with the words of whoever refuses it. */
  request(request: TokenRequest, signal?: AbortSignal): Promise<ServiceAccountToken>;
}

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Empty: that of whoever gives the token. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  /** The token counts no longer than this pod lives. */
  readonly pod: { readonly name: string; readonly uid: string };
}

/** Times in milliseconds since 1970. Who gives it may let it live shorter or longer than was asked for. */
export interface ServiceAccountToken {
  readonly token: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}
