export { crashingStore, type CrashingStore } from "./crash-points.ts";
export { fakeClock, type FakeClock } from "./clock.ts";
export { faultyStore, type FaultPlan } from "./faulty-store.ts";
export { seededRandom, type SeededRandom } from "./random.ts";
export { durableStoreCases } from "./durable-store-cases.ts";
export { storeCases } from "./store-cases.ts";
export type { DurableStoreCase, OpenStore, OpenStoreOptions, StoreCase } from "./store-harness.ts";
export { countingShop, type CountingShop, type Order } from "./counting-shop.ts";
export { scriptedApprover, type ScriptedVerdict } from "./scripted-approver.ts";
export { scriptedPolicy, type ScriptedAnswer } from "./scripted-policy.ts";
export { fakeDesk, type FakeDesk } from "./fake-desk.ts";
export { fakeTerminal, type FakeTerminal } from "./fake-terminal.ts";
export { sampleApproval } from "./sample-approval.ts";
export { bindingCases, type BindingCase, denyAllCases } from "./binding/cases.ts";
export type {
  AdapterBinding,
  BindingFeature,
  BindingHost,
  BindingPause,
  CallEnding,
  HostSetup,
  ProposedCall,
  SuiteTool,
  TurnEnding,
  TurnOptions,
} from "./binding/binding.ts";
export { reference as referenceBinding } from "./binding/reference.ts";
