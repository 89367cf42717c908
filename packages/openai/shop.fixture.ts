import type { Permit } from "@leashkit/core";
import { createInterceptor, type InterceptorOptions } from "./index.ts";
import { leashFor } from "./leash.fixture.ts";

export const BUY = { type: "function", function: { name: "buy" } };

/** The tools of all rows, as both APIs take them. */
export const TOOLS: readonly object[] = [
  {
    type: "function",
    function: { name: "buy", parameters: { type: "object", properties: { item: { type: "string" } } } },
  },
  { type: "custom", name: "note" },
  { type: "shell" },
  { type: "local_shell" },
  { type: "apply_patch" },
  { type: "computer_use_preview", display_width: 1, display_height: 1, environment: "browser" },
  { type: "mcp", server_label: "shop", server_url: "https://shop.example.com/mcp", require_approval: "always" },
  { type: "web_search" },
];

/** A shop whose one tool, `buy`, notes what it was given. */
export async function shop(
  policy: string,
  options: InterceptorOptions = {},
  work: (input: never) => unknown = () => "sold",
) {
  const leash = await leashFor(policy);
  const bought: unknown[] = [];
  const buy = (input: never, permit: Permit): unknown => {
    bought.push(input);
    permits.push(permit);
    return work(input);
  };
  const permits: Permit[] = [];
  const interceptor = createInterceptor(leash, { tools: [BUY], handlers: { buy }, ...options });
  return { leash, bought, permits, interceptor };
}
