import { runTools } from "./openai-runner.ts";
import { handLoops } from "./openai.ts";
import { describeBinding } from "./suite.ts";

for (const loop of handLoops) describeBinding(loop, {});

describeBinding(runTools, {
  "suspend: the runner lives in its process and cannot be taken up by another one": 54,
  "defer: the runner has no place for a status tool that knows what is deferred: use createInterceptor": 47,
});
