import { FunctionTool } from "@llamaindex/core/tools";
import { agent } from "@llamaindex/workflow";
import type { Leash } from "@leashkit/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { leashed, toolsFrom } from "./index.ts";
import { approveNext, leashFor } from "./leash.fixture.ts";
import { call, ScriptedLlm } from "./scripted-llm.fixture.ts";

const payment = z.object({ to: z.string(), amount: z.coerce.number().default(5) });
type Payment = z.infer<typeof payment>;
const POLICY = `default: deny
rules:
  - { id: small, action: sendMoney, when: input.amount < 10, effect: allow }
  - { id: middle, action: sendMoney, when: input.amount < 100, effect: approve }
  - { id: look, action: balance_of, effect: allow }
`;

/** A bank whose methods are tools and reach its private members. */
function bankBehind(leash: Leash) {
  class Bank {
    readonly #sent: Payment[] = [];

    @leashed({ leash, description: "Sends money.", parameters: payment })
    async sendMoney(input: Payment): Promise<string> {
      this.#sent.push(input);
      return `sent to ${input.to}`;
    }

    @leashed({
      leash,
      name: "balance_of",
      description: "Tells the balance.",
      parameters: z.object({}),
    })
    async balance(): Promise<number> {
      return -this.#sent.reduce((sum, { amount }) => sum + amount, 0);
    }

    get sent(): readonly Payment[] {
      return this.#sent;
    }
  }
  return Bank;
}

describe("@leashed", () => {
  it("makes tools of methods that use private members, each of its own instance", async () => {
    const Bank = bankBehind(await leashFor(POLICY));
    const [one, two] = [new Bank(), new Bank()];
    const tools = toolsFrom(one);
    expect(tools.map(({ metadata }) => [metadata.name, metadata.description])).toEqual([
      ["sendMoney", "Sends money."],
      ["balance_of", "Tells the balance."],
    ]);
    expect(tools[0]).toBeInstanceOf(FunctionTool);
    const llm = new ScriptedLlm(
      [call("sendMoney", { to: "ann", amount: "7" }, "a"), call("sendMoney", { to: "eve", amount: 700 }, "b")],
      [call("balance_of", {}, "c")],
    );
    await agent({ llm, tools }).run("go");
    expect(llm.results).toEqual({
      a: { text: "sent to ann", isError: false },
      b: {
        text: "Denied by policy. Do not retry this call with the same arguments.",
        isError: false,
      },
      c: { text: "-7", isError: false },
    });
    expect([one.sent, two.sent]).toEqual([[{ to: "ann", amount: 7 }], []]);
  });

  it("I14: guards the method itself, which throws its refusals", async () => {
    const bank = new (bankBehind(await leashFor(POLICY)))();
    expect(await bank.sendMoney({ to: "ann", amount: 1 })).toBe("sent to ann");
    await expect(bank.sendMoney({ to: "ann", amount: 700 })).rejects.toMatchObject({
      code: "LEASH_DENIED",
    });
    await expect(bank.sendMoney({ to: 5 as never, amount: 1 })).rejects.toMatchObject({
      code: "LEASH_INPUT_INVALID",
    });
    const strange = Object.create(bank) as typeof bank;
    await expect(strange.sendMoney({ to: "ann", amount: 1 })).rejects.toMatchObject({
      code: "LEASH_CONFIG_INVALID",
    });
    expect(bank.sent).toHaveLength(1);
  });

  it("waits for a person, in both ways", async () => {
    const leash = await leashFor(POLICY);
    const bank = new (bankBehind(leash))();
    for (const pay of [bank.sendMoney.bind(bank), toolsFrom(bank)[0]?.call]) {
      const sent = pay?.({ to: "ann", amount: 50 });
      await approveNext(leash);
      expect(await sent).toBe("sent to ann");
    }
    expect(bank.sent).toHaveLength(2);
  });

  it("lets a derived class override a method, behind the gate", async () => {
    const leash = await leashFor(POLICY);
    class Careful extends bankBehind(leash) {
      @leashed({ leash, description: "Sends money.", parameters: payment })
      override async sendMoney(input: Payment): Promise<string> {
        return `carefully ${await super.sendMoney({ ...input, amount: 1 })}`;
      }
    }
    const bank = new Careful();
    const [send] = toolsFrom(bank);
    expect(await send?.call({ to: "ann", amount: 9 })).toBe("carefully sent to ann");
    expect(bank.sent).toEqual([{ to: "ann", amount: 1 }]);
  });

  it("refuses two methods of one name, and objects without any", async () => {
    const leash = await leashFor(POLICY);
    class Twice {
      @leashed({ leash, name: "same", description: "d", parameters: payment })
      async one(_input: Payment): Promise<string> {
        return "one";
      }
      @leashed({ leash, name: "same", description: "d", parameters: payment })
      async two(_input: Payment): Promise<string> {
        return "two";
      }
    }
    const invalid = expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }) as Error;
    expect(() => new Twice()).toThrow(invalid);
    expect(() => toolsFrom({})).toThrow(invalid);
    expect(() => {
      class Static {
        readonly made = true;
        @leashed({ leash, description: "d", parameters: payment })
        static async send(_input: Payment): Promise<string> {
          return "sent";
        }
      }
      return Static;
    }).toThrow(invalid);
  });

  it("does not compile on a method that is synchronous or takes something else", async () => {
    const leash = await leashFor(POLICY);
    class Wrong {
      // @ts-expect-error A method that answers at once cannot wait for a person.
      @leashed({ leash, name: "sendMoney", description: "d", parameters: payment })
      atOnce(input: Payment): string {
        return input.to;
      }

      // @ts-expect-error The schema gives text where the method wants a number.
      @leashed({ leash, name: "other", description: "d", parameters: payment })
      async mismatched(input: { to: number }): Promise<number> {
        return input.to;
      }

      @leashed({ leash, name: "third", description: "d", parameters: payment })
      async wider(input: { to: string }): Promise<string> {
        return input.to;
      }
    }
    expect(toolsFrom(new Wrong())).toHaveLength(3);
  });
});
