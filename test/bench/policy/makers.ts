import { ajvIndexed, ajvScan } from "./ajv.ts";
import { casbin } from "./casbin.ts";
import { casl } from "./casl.ts";
import { cedar } from "./cedar.ts";
import { celIndexed, celIndexedPatternsKept, celScan } from "./cel.ts";
import type { Maker } from "./engine.ts";
import { opa } from "./opa.ts";
import { ours } from "./ours.ts";

/** Everything that decides the same policy. */
export const MAKERS: readonly Maker[] = [
  ours,
  casl,
  opa,
  cedar,
  casbin,
  ajvScan,
  ajvIndexed,
  celScan,
  celIndexed,
  celIndexedPatternsKept,
];
