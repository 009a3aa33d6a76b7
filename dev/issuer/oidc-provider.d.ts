// Owns the types of the part of oidc-provider that is used here: the package brings none.
// Source: its own documentation, docs/README.md of version 9.

declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  export interface AdapterPayload {
    uid?: string;
    userCode?: string;
    grantId?: string;
    consumed?: unknown;
  }

  export interface Adapter {
    upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<void>;
    find(id: string): Promise<AdapterPayload | undefined>;
    findByUid(uid: string): Promise<AdapterPayload | undefined>;
    findByUserCode(userCode: string): Promise<AdapterPayload | undefined>;
    consume(id: string): Promise<void>;
    destroy(id: string): Promise<void>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  export interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  interface OidcContext {
    readonly oidc: {
      readonly client: { readonly clientId: string };
      readonly session: { readonly accountId: string; grantIdFor(clientId: string): string | undefined };
      /** The endpoint's name, as `token`. */
      readonly route: string;
      /** The authorization request's parameters. */
      readonly params: Readonly<Record<string, unknown>>;
      /** What the person answered at an interaction; only on the way back from one. */
      readonly result?: { readonly login?: { readonly accountId: string } };
      readonly provider: Provider;
    };
  }

  export interface Configuration {
    readonly adapter: new (model: string) => Adapter;
    readonly clients: readonly Readonly<Record<string, unknown>>[];
    readonly jwks: { readonly keys: readonly object[] };
    readonly cookies: { readonly keys: readonly string[] };
    readonly claims: Readonly<Record<string, readonly string[]>>;
    readonly scopes: readonly string[];
    readonly conformIdTokenClaims: boolean;
    readonly features: Readonly<Record<string, { readonly enabled: boolean }>>;
    readonly interactions: {
      readonly policy: InteractionPolicy;
      url(context: OidcContext, interaction: { readonly uid: string }): string;
    };
    readonly ttl: Readonly<Record<string, number>>;
    findAccount(
      context: OidcContext,
      id: string,
    ): Promise<{ readonly accountId: string; claims(): Promise<Readonly<Record<string, unknown>>> }>;
    loadExistingGrant(context: OidcContext): Promise<Grant | undefined>;
    renderError(
      context: { type: string; body: string },
      out: Readonly<Record<string, unknown>>,
      error: Error,
    ): Promise<void>;
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    proxy: boolean;
    readonly Grant: {
      new (about: { readonly accountId: string; readonly clientId: string }): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    /** Koa's: around every endpoint. `oidc` is there once the endpoint is known. */
    use(around: (context: Partial<OidcContext> & { body: unknown }, next: () => Promise<void>) => Promise<void>): this;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<{ readonly uid: string }>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result:
        | { readonly login: { readonly accountId: string; readonly remember: boolean } }
        | { readonly error: string },
    ): Promise<void>;
    on(event: "server_error", listener: (context: unknown, error: Error) => void): this;
  }

  export class Check {
    static readonly REQUEST_PROMPT: boolean;
    static readonly NO_NEED_TO_PROMPT: boolean;
    constructor(reason: string, description: string, error: string, check: (context: OidcContext) => boolean);
  }

  export interface InteractionPolicy {
    get(prompt: "login"): { readonly checks: { add(check: Check): void } } | undefined;
  }

  export const interactionPolicy: { base(): InteractionPolicy; readonly Check: typeof Check };
}
