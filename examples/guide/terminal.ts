// #region terminal
import { createLeash, terminal } from "@leashkit/core";

const leash = await createLeash({ policy: "refunds.yaml", notify: terminal() });
// #endregion
await leash.close();
