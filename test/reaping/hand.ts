// Owns a proof's hand at the edge, a Worker beside the product: rows of the product's database and calls of its objects.
// Must not know shells, pods or what is proven.

/** What miniflare binds, as far as it is used. */
interface HandEnv {
  readonly DB: {
    prepare(query: string): Statement;
    batch(statements: Statement[]): Promise<{ readonly results: readonly object[] }[]>;
  };
  readonly USER_SHELL: {
    idFromName(name: string): object;
    get(id: object): { createShell(userId: string): Promise<unknown> };
  };
}

interface Statement {
  bind(...values: unknown[]): Statement;
  raw(): Promise<unknown[]>;
}

/** One of them; the values of `queries` are text, numbers or null. */
export type Order =
  /** All or nothing. */
  | { readonly type: "write"; readonly queries: readonly Query[] }
  /** Its rows, each a list. */
  | { readonly type: "read"; readonly query: Query }
  | { readonly type: "create-shell"; readonly userId: string };

export interface Query {
  readonly sql: string;
  readonly values: readonly unknown[];
}

export default {
  /** @returns the rows, or an empty list; 500 with the reason */
  async fetch(request: Request, env: HandEnv): Promise<Response> {
    try {
      const order: unknown = await request.json();
      if (!isOrder(order)) return new Response("no order of the proof", { status: 400 });
      return Response.json(await obey(order, env));
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};

async function obey(order: Order, { DB, USER_SHELL }: HandEnv): Promise<readonly unknown[]> {
  const prepare = ({ sql, values }: Query) => DB.prepare(sql).bind(...values);
  switch (order.type) {
    case "write":
      await DB.batch(order.queries.map(prepare));
      return [];
    case "read":
      return await prepare(order.query).raw();
    case "create-shell":
      await USER_SHELL.get(USER_SHELL.idFromName(order.userId)).createShell(order.userId);
      return [];
  }
}

/** Only the proof reaches it: what it is asked was written by `order` in edge.ts. */
function isOrder(value: unknown): value is Order {
  return typeof value === "object" && value !== null && "type" in value;
}
