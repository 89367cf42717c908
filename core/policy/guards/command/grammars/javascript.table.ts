import type { Grammar } from "../grammar.ts";

/** Node, its package managers and what they start: tests, linters, compilers. */

/** What package managers take a script, a shell, a configuration or a registry from. */
const MANAGER_NEVER =
  "-c -C -g --script-shell --shell --node-options --userconfig --globalconfig --config --eval --call --editor --viewer " +
  "--browser --git --registry --global --location --prefix --global-style --init-module --onload-script --cafile --cert --key " +
  "--proxy --https-proxy --package --dir --cwd --modules-dir --store-dir --virtual-store-dir --global-dir --pnpmfile " +
  "--global-pnpmfile --use-yarnrc --modules-folder --link-folder --cache --cache-folder --preload --unsafe-perm --scripts-prepend-node-path";

const NPM_FLAGS =
  "-s -d -q --silent --quiet --verbose --json --if-present --workspaces --include-workspace-root --no-audit --no-fund " +
  "--no-progress --no-color --ignore-scripts --offline --prefer-offline --no-update-notifier --parseable --long";

const NPM_VALUES = { plain: "-w --workspace --omit --include --loglevel" } as const;

/** What stands behind `--` goes to a script that the policy's author wrote. */
const TO_SCRIPT: Grammar = { operands: ["text*"], words: true };

const SCRIPT: Grammar = {
  flags: NPM_FLAGS,
  values: NPM_VALUES,
  never: MANAGER_NEVER,
  operands: ["name"],
  after: TO_SCRIPT,
};

/** No package by name: what gets installed is what the lock file says. */
const INSTALL: Grammar = {
  flags: `${NPM_FLAGS} --frozen-lockfile --immutable --no-save --no-optional --package-lock-only --dry-run --legacy-peer-deps -P -D --prod`,
  values: NPM_VALUES,
  never: MANAGER_NEVER,
};

const TEST: Grammar = { flags: NPM_FLAGS, values: NPM_VALUES, never: MANAGER_NEVER, after: TO_SCRIPT };

const QUERY: Grammar = {
  flags: `${NPM_FLAGS} -a --all --prod --production --dev`,
  values: { ...NPM_VALUES, number: "--depth", name: "--audit-level" },
  never: `${MANAGER_NEVER} --fix`,
  operands: ["plain*"],
};

const NPM: Grammar = {
  flags: NPM_FLAGS,
  values: NPM_VALUES,
  never: MANAGER_NEVER,
  commands: {
    test: TEST,
    t: TEST,
    run: SCRIPT,
    "run-script": SCRIPT,
    ci: INSTALL,
    install: INSTALL,
    i: INSTALL,
    ls: QUERY,
    list: QUERY,
    outdated: QUERY,
    why: QUERY,
    explain: QUERY,
    audit: QUERY,
    view: QUERY,
  },
};

const PNPM: Grammar = {
  ...NPM,
  flags: `${NPM_FLAGS} -r --recursive --parallel --stream --aggregate-output --no-bail -w --workspace-root`,
  values: { plain: "--loglevel", glob: "-F --filter" },
};

/** `yarn run` starts programs as well as scripts, so that no words may follow. */
const YARN: Grammar = {
  ...NPM,
  commands: { ...NPM.commands, run: { flags: NPM_FLAGS, never: MANAGER_NEVER, operands: ["name"] } },
};

const TEST_NEVER =
  "-c -r --config --root --rootDir --dir --require --import --loader --globalSetup --globalTeardown --setupFiles " +
  "--setupFilesAfterEnv --environment --testEnvironment --runner --testRunner --transform --resolver --reporters --outputFile " +
  "--coverageDirectory --watchPlugins --api --ui --browser --inspect --inspect-brk --preset --projects --haste " +
  "--node-option --node-options --execArgv --pool --snapshotResolver --testResultsProcessor --testSequencer --filter --moduleLoader --prettierPath";

export const JAVASCRIPT_GRAMMARS: { readonly [program: string]: Grammar } = {
  npm: NPM,
  pnpm: PNPM,
  yarn: YARN,
  node: {
    // Without a word it reads its program from its input.
    named: true,
    never:
      "-e -p -r -i -c --eval --print --require --import --loader --experimental-loader --inspect --inspect-brk --interactive " +
      "--env-file --env-file-if-exists --run --build-sea --experimental-config-file --experimental-default-config-file " +
      "--openssl-config --snapshot-blob --diagnostic-dir --redirect-warnings --cpu-prof --heap-prof --watch --conditions",
    commands: {
      "-v": {},
      "--test": {
        flags:
          "--test-only --experimental-strip-types --enable-source-maps --no-warnings --experimental-test-coverage --test-force-exit",
        values: {
          text: "--test-name-pattern --test-skip-pattern",
          "=spec|tap|dot|junit": "--test-reporter",
          number: "--test-concurrency --test-timeout",
        },
        never:
          "-e -r --eval --require --import --loader --experimental-loader --inspect --inspect-brk --env-file --test-reporter-destination",
        operands: ["near*"],
      },
      "--check": { operands: ["near"] },
    },
  },
  vitest: {
    flags:
      "-u --run --coverage --update --silent --no-color --hideSkippedTests --passWithNoTests --no-file-parallelism --changed",
    values: {
      text: "-t --testNamePattern",
      number: "--bail --retry --testTimeout --maxWorkers --minWorkers",
      plain: "--project --shard",
      "=default|verbose|dot|basic|tap|json|junit|tree|agent": "--reporter",
    },
    never: TEST_NEVER,
    commands: {
      run: {
        flags: "-u --coverage --update --silent --no-color --passWithNoTests --no-file-parallelism --changed",
        values: {
          text: "-t --testNamePattern",
          number: "--bail --retry --testTimeout --maxWorkers --minWorkers",
          plain: "--project --shard",
          "=default|verbose|dot|basic|tap|json|junit|tree|agent": "--reporter",
        },
        never: TEST_NEVER,
        operands: ["near*"],
      },
      list: { never: TEST_NEVER, operands: ["near*"] },
    },
    operands: ["near*"],
  },
  jest: {
    flags:
      "-b -i -o -u -w --bail --ci --coverage --runInBand --silent --verbose --no-color --onlyChanged --passWithNoTests --updateSnapshot --listTests --no-cache",
    values: { text: "-t --testNamePattern --testPathPattern --testPathPatterns", number: "--maxWorkers --testTimeout" },
    never: TEST_NEVER,
    operands: ["near*"],
  },
  mocha: {
    flags: "-b --bail --forbid-only --recursive --no-color --exit --parallel --dry-run",
    values: {
      text: "-g --grep -f --fgrep",
      number: "-t --timeout --retries -j --jobs",
      "=spec|dot|tap|json|min|list": "-R --reporter",
    },
    never: `${TEST_NEVER} -O --reporter-option --spec --package --extension --file --watch`,
    operands: ["near*"],
  },
  tsc: {
    flags:
      "-b -v --build --noEmit --pretty --strict --skipLibCheck --listFiles --showConfig --verbose --force --dry --clean " +
      "--incremental --noErrorTruncation --extendedDiagnostics --diagnostics",
    values: { near: "-p --project" },
    never:
      "-w --watch --init --outDir --outFile --declarationDir --rootDir --generateTrace --generateCpuProfile --plugins --tsBuildInfoFile",
    operands: ["near*"],
  },
  eslint: {
    flags:
      "--fix --fix-dry-run --quiet --cache --no-error-on-unmatched-pattern --no-color --color --report-unused-disable-directives --no-warn-ignored",
    values: { number: "--max-warnings", text: "--ext", "=stylish|json|html": "-f --format", glob: "--ignore-pattern" },
    never:
      "-c -o --config --rulesdir --plugin --parser --parser-options --resolve-plugins-relative-to --output-file --init --cache-location " +
      "--cache-file --stdin-filename --env-info --inspect-config --rule --flag --mcp --ignore-path",
    operands: ["near*"],
  },
  prettier: {
    flags:
      "-c -l -w -u --check --list-different --write --no-color --ignore-unknown --cache --no-error-on-unmatched-pattern",
    values: { "=silent|error|warn|log|debug": "--log-level" },
    never:
      "--plugin --config --plugin-search-dir --find-config-path --ignore-path --cache-location --with-node-modules --config-path",
    operands: ["near*"],
  },
  oxlint: {
    flags: "--type-aware --deny-warnings --quiet --fix",
    never: "-c --config --tsconfig --js-plugins --ignore-path",
    operands: ["near*"],
  },
};
