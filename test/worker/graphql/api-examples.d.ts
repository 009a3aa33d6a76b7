// Owns the types of what test/setup/api-examples.ts makes of docs/api.md.
// Must not know what the examples do.

declare module "virtual:api-examples" {
  export const text: string;
  export function scripts(fetch: (address: string, init: RequestInit) => Promise<Response>): {
    limpet(query: string, variables?: object): Promise<unknown>;
    untilSettled(): Promise<{ readonly phase: string } | null>;
  };
}
