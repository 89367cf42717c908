import type { Random } from "../model/runtime.ts";
import { readRecordOptions, type RecordOptions } from "./options.ts";
import { createRecorder, NO_RECORDER, type Recorder } from "./recorder.ts";
import { redactionKey } from "./redaction-key.ts";

/**
 * The recorder of a leash.
 * @param folder its state folder, where it has one.
 * @throws {LeashError} `LEASH_CONFIG_INVALID`.
 */
export function openRecorder(
  options: { readonly record?: false | RecordOptions; readonly obligations?: Readonly<Record<string, unknown>> },
  folder: string | undefined,
  random: Random,
): Recorder {
  const settings = readRecordOptions(options.record);
  if (settings === undefined) return NO_RECORDER;
  const handlers = Object.keys(options.obligations ?? {});
  return createRecorder(settings, { redactionKey: redactionKey(folder, random), handlers });
}
