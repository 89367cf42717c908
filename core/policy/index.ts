export { loadArchived } from "./archive.ts";
export { evaluate } from "./evaluate.ts";
export { ISSUE_CODES, type IssueCode } from "./issues.ts";
export { checkPolicy, loadPolicy, type LoadPolicyOptions } from "./load.ts";
