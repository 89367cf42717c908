import { runTools } from "./openai-runner.ts";
import { handLoops } from "./openai.ts";
import { describeBinding } from "./suite.ts";

const innerPause = { "inner pause: the host's tools have nothing to pause their turn with": 2 };

for (const loop of handLoops) describeBinding(loop, innerPause);

describeBinding(runTools, {
  "suspend: the runner lives in its process and cannot be taken up by another one": 60,
  "defer: the runner has no place for a status tool that knows what is deferred: use createInterceptor": 52,
});
