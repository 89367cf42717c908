import { llamaindexBindings } from "./llamaindex.ts";
import { describeBinding } from "./suite.ts";

const [byItself, toBeSuspended] = llamaindexBindings;
const argumentText = { "argument text: LlamaIndex parses the text itself, leniently, before any tool sees it": 10 };

describeBinding(byItself, {
  ...argumentText,
  "suspend: LlamaIndex cannot take up a run of its own: use runWorkflow": 60,
  "unknown tools: LlamaIndex throws where nobody catches it, and the process ends": 6,
});
describeBinding(toBeSuspended, {
  ...argumentText,
  "inner pause: the host's tools have nothing to pause their turn with": 2,
});
