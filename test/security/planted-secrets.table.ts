/** Shapes of secrets as they stand in what agents pass around. None of them is one; they are put together so that no scanner minds. */
export interface PlantedSecret {
  readonly shape: string;
  /** The whole text, as it stands in an argument. */
  readonly text: string;
  /** The part of it that must not be seen anywhere, 12 characters at least. */
  readonly core: string;
}

const join = (...parts: readonly string[]): string => parts.join("");
const whole = (shape: string, text: string): PlantedSecret => ({ shape, text, core: text });
const within = (shape: string, core: string, around: (core: string) => string): PlantedSecret => ({
  shape,
  text: around(core),
  core,
});
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const jwtOf = (payload: string): string =>
  `${base64('{"alg":"HS256"}').replaceAll("=", "")}.${base64(payload).replaceAll("=", "")}.q7Xr2LmTz9VbNc4KdWfHs8`;

export const PLANTED_SECRETS: readonly PlantedSecret[] = [
  whole("a key of OpenAI", join("sk-", "proj-Qw3rTy7UiOp9AsDf2GhJkL")),
  whole("a key of Anthropic", join("sk-", "ant-api03-Zx8CvBn4MqWe6RtYu1")),
  whole("a token of GitHub", join("gh", "p_R4nD0mCh4rs9X2yZ7wQ5vT8uS3p")),
  whole("a fine-grained token of GitHub", join("github", "_pat_11ABCDE0Y0kLmNoPqRsTuV_xYz")),
  whole("a token of GitLab", join("glp", "at-W7eRtY2uIoP4aSdF6gHj")),
  whole("a token of Slack", join("xo", "xb-204857600123-7hQ2kLmN8pRs")),
  whole("a webhook of Slack", join("https://hooks.", "slack.com/services/T0AB12CD3/B0EF45GH6/iJkLmNoPqRsT")),
  whole("a live key of Stripe", join("sk", "_live_51H8xYzAbCdEfGhIjKlMnOp")),
  whole("an access key of AWS", join("AK", "IAQ3ZZPLANTED7Z2K4")),
  whole("a secret key of AWS", join("wJalrXUtnFEMI/", "K7MDENG/bPxRfiCYplantedKEY")),
  whole("a session token of AWS", join("FwoGZXIvYXdzE", "BYaDPlantedSessionToken0123")),
  whole("a key of Google", join("AI", "zaSyD-9tSrke72PouQMnMX-a7eZSW0")),
  whole("a refresh token of Google", join("1//", "0gPlantedRefreshTokenCgYIARAAGBA")),
  whole("a key of Azure storage", join("Eby8vdM02xNOcq", "FlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu==")),
  whole("a key of SendGrid", join("SG", ".ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf")),
  whole("a key of Twilio", join("SK", "5f2d9c7b1a3e4f6085d7c9b1a2e3f4d5")),
  whole("a token of npm", join("np", "m_9aZ8yX7wV6uT5sR4qP3oN2mL1kJ0")),
  whole("a token of PyPI", join("py", "pi-AgEIcHlwaS5vcmcCJDplantedToken")),
  whole("a token of Hugging Face", join("h", "f_PlantedTokenAbCdEfGhIjKlMn")),
  whole("a token of a Telegram bot", join("110201543", ":AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")),
  within("a bearer header", "mF9B5f41JqMplantedBearer", (core) => `Bearer ${core}`),
  within("a basic header", base64("deploy:correct-horse"), (core) => `Basic ${core}`),
  within("a URL with a password", "hunter2-planted-pass", (core) => `https://deploy:${core}@git.example.com/repo.git`),
  within("a database's address", "pg-planted-password", (core) => `postgres://app:${core}@db.example.com:5432/app`),
  within("a signed link", "Zm9vYmFyc2lnbmF0dXJl", (core) => `https://files.example.com/a?X-Amz-Signature=${core}`),
  whole("a JSON Web Token", jwtOf('{"sub":"ann","scope":"admin"}')),
  within(
    "a PEM private key",
    "MC4CAQAwBQYDK2VwBCIEIPlantedKeyBytes0123456789",
    (core) => `-----BEGIN PRIVATE KEY-----\n${core}\n-----END PRIVATE KEY-----\n`,
  ),
  within(
    "an OpenSSH private key",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUPlanted",
    (core) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${core}\n-----END OPENSSH PRIVATE KEY-----`,
  ),
  whole("a password", "Tr0ub4dor&3-planted"),
  whole("a card number", "4929 1234 5678 9012"),
  whole("a bank account", "DE89370400440532013000"),
  whole("a seed phrase", "legal winner thank year wave sausage worth useful legal winner thank yellow"),
  within("a cookie", "s%3Aplanted.session.value", (core) => `connect.sid=${core}; Path=/; HttpOnly`),
  within("a shell's assignment", "planted-env-value-42", (core) => `export DATABASE_PASSWORD='${core}'`),
];
