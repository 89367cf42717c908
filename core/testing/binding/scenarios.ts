import { argumentScenarios } from "./argument-scenarios.ts";
import { effectScenarios } from "./effect-scenarios.ts";
import { faultScenarios } from "./fault-scenarios.ts";
import { hostScenarios } from "./host-scenarios.ts";
import { noticeScenarios } from "./notice-scenarios.ts";
import type { Scenario } from "./scenario.ts";

/** Every scenario, each under a name of its own. */
export const SCENARIOS: readonly Scenario[] = [
  ...effectScenarios(),
  ...argumentScenarios(),
  ...faultScenarios(),
  ...hostScenarios(),
  ...noticeScenarios(),
];
