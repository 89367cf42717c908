import { createLeash, fileSink, httpSink, otlpSink, readLogFiles, verifyJsonl } from "@leashkit/core";

const file = process.argv[2] ?? "audit/leash.jsonl";

// #region sinks
const leash = await createLeash({
  policy: "leash.yaml",
  audit: {
    sinks: [
      fileSink({ file, required: true, daily: true }), // nothing runs before its line is on this disk
      httpSink({ url: "https://siem.example.com/ingest", bearer: "env:SIEM_TOKEN" }),
      otlpSink({ url: "http://localhost:4318/v1/logs" }),
    ],
  },
});
// #endregion
await leash.close();

// #region verify
const report = await verifyJsonl(readLogFiles(file)); // all files that the sink wrote, in their order
// #endregion
process.stdout.write(`${JSON.stringify(report)}\n`);
