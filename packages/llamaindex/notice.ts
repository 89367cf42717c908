/**
 * What a model reads of a call that ran in another form than it proposed: what was changed, then what the tool said. Anything but a
 * text goes into an object beside the notice: LlamaIndex shows it as JSON, and a text that holds JSON with its quotes garbled.
 */
export function withNotice({ result, notice }: { readonly result: unknown; readonly notice?: string }): unknown {
  if (notice === undefined) return result;
  return typeof result === "string" ? `${notice}\n\n${result}` : { notice, result };
}
