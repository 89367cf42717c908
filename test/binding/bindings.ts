import { referenceBinding, type AdapterBinding } from "@leashkit/core/testing";
import { hello } from "../../packages/hello/binding.fixture.ts";
import { langchain } from "./langchain.ts";
import { llamaindexBindings } from "./llamaindex.ts";
import { openaiBindings } from "./openai.ts";

/** Every adapter there is. Core alone comes first: it is what the others must equal. */
export const BINDINGS: readonly AdapterBinding[] = [
  referenceBinding,
  hello,
  langchain,
  ...openaiBindings,
  ...llamaindexBindings,
];
