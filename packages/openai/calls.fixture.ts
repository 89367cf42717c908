/** A function call of Chat Completions. */
export const chatCall = (id: string, name: string, args: unknown) => ({
  id,
  type: "function" as const,
  function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
});

/** A function call of the Responses API. */
export const functionCall = (id: string, name: string, args: unknown) => ({
  id: `fc_${id}`,
  call_id: id,
  type: "function_call" as const,
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
  status: "completed",
});
