import { Ajv, type ValidateFunction } from "ajv-8";
import { byTool, toolOf } from "./by-tool.ts";
import { answerBy, inProcess, type Maker } from "./engine.ts";
import { commandPattern, perKind, type Rule } from "./rules.ts";

type Schema = Readonly<Record<string, unknown>>;

interface Compiled {
  readonly rule: Rule;
  readonly tool: string;
  readonly matches: ValidateFunction;
}

export const ajvScan: Maker = {
  name: "ajv",
  form: "one compiled schema a rule, tool and input in it; tried in order",
  scans: true,
  role: "peer",
  make(rules, requests) {
    const compiled = compileAll(rules, (rule) => {
      const member = rule.kind === "any" ? "service" : "tool";
      return { properties: { [member]: { const: toolOf(rule) }, input: inputSchema(rule) } };
    });
    return inProcess(
      this.name,
      requests,
      (call) => compiled.find(({ matches }) => matches(call)),
      (found) => answerBy(found?.rule),
    );
  },
};

export const ajvIndexed: Maker = {
  name: "ajv, same tool index",
  form: "one compiled schema a rule for the input alone; only the tool's own rules tried",
  scans: false,
  role: "aided",
  make(rules, requests) {
    const index = byTool(rules, compileAll(rules, inputSchema), requests);
    return inProcess(
      this.name,
      requests,
      ({ tool, input }) => {
        for (const compiled of index.get(tool) ?? []) if (compiled.matches(input)) return compiled;
        return undefined;
      },
      (found) => answerBy(found?.rule),
    );
  },
};

function compileAll(rules: readonly Rule[], schemaOf: (rule: Rule) => Schema): readonly Compiled[] {
  const ajv = new Ajv({ strict: false, messages: false, validateSchema: false, addUsedSchema: false });
  return rules.map((rule) => ({ rule, tool: toolOf(rule), matches: ajv.compile(schemaOf(rule)) }));
}

function inputSchema(rule: Rule): Schema {
  const properties = propertiesOf(rule);
  return { type: "object", required: Object.keys(properties), properties };
}

function propertiesOf(rule: Rule): Schema {
  return perKind<Schema>(rule, {
    pay: ({ most, currencies }) => ({ amount: { type: "integer", maximum: most }, currency: { enum: currencies } }),
    fetch: ({ hosts }) => ({ host: { enum: hosts } }),
    write: ({ folder }) => ({ path: { type: "string", pattern: `^${folder}` } }),
    run: (command) => ({ command: { type: "string", pattern: commandPattern(command) } }),
    any: ({ environment, riskAbove }) => ({
      environment: { const: environment },
      dry_run: { const: false },
      risk: { type: "integer", exclusiveMinimum: riskAbove },
    }),
  });
}
