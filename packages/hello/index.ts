/**
 * The template of a Leashkit adapter.
 * @packageDocumentation
 */
export { wrapTools } from "./wrap.ts";
export type { PauseMode, WrapOptions } from "./options.ts";
export { leashStatusTool } from "./status.ts";

// Throw these away with the file: your framework has a package of its own.
export {
  type HelloCall,
  type HelloContext,
  HelloPause,
  type HelloTool,
  type HelloTurn,
  resumeTurn,
  runTurn,
} from "./framework.ts";
