import { createLeash } from "@leashkit/core";
import { assembleResponse, createInterceptor } from "@leashkit/openai";
import type OpenAI from "openai";
import { quickClient as client } from "./model.ts";
import { handlers, responseTools as tools } from "./tools.ts";

type Input = OpenAI.Responses.ResponseInput;
const leash = await createLeash({ policy: "leash.yaml" });
const interceptor = createInterceptor(leash, { tools, handlers, pause: "hold" });

// #region responses
async function answer(content: string): Promise<string> {
  const input: Input = [{ role: "user", content }];
  for (;;) {
    const response = await client.responses.create({ model: "any", input, tools });
    if (response.status !== "completed") throw new Error("The answer was cut short."); // and nothing of it ran
    const { outputs, unanswerable } = await interceptor.run(response.output, {}, { scope: response.id });
    if (unanswerable.length > 0) throw new Error("The API knows no answer to one of the calls.");
    if (outputs.length === 0) return response.output_text;
    input.push(...(response.output as Input), ...(outputs as Input));
  }
}
// #endregion

async function answerStreamed(content: string): Promise<number> {
  const input: Input = [{ role: "user", content }];
  for (;;) {
    // #region stream
    const events = await client.responses.create({ model: "any", input, tools, stream: true });
    const { output } = await assembleResponse(events);
    const { outputs } = await interceptor.run(output);
    // #endregion
    if (outputs.length === 0) return input.length;
    input.push(...(output as Input), ...(outputs as Input));
  }
}

process.stdout.write(`${await answer("Order A-17 arrived broken.")}\n`);
process.stdout.write(`streamed: ${await answerStreamed("Order A-17 arrived broken.")} items\n`);
await leash.close();
