import type { Grammar } from "../grammar.ts";

/** Compilers, build tools and test runners of other languages. They run the project's own code, from the working folder only. */

const CARGO_FLAGS =
  "-q -v --quiet --verbose --release --all --workspace --all-targets --all-features --no-default-features --locked --offline " +
  "--frozen --lib --bins --tests --benches --examples --doc --no-run --no-fail-fast --keep-going";

const CARGO_VALUES = {
  plain: "-p --package --bin --test --example --bench --features -F --exclude --profile",
  number: "-j --jobs",
  "=always|never|auto": "--color",
  "=human|short|json": "--message-format",
} as const;

const CARGO_NEVER =
  "-C -Z --config --manifest-path --target-dir --out-dir --artifact-dir --target --lockfile-path --timings --fix";

const CARGO_BUILD: Grammar = { flags: CARGO_FLAGS, values: CARGO_VALUES, never: CARGO_NEVER };

const GO_FLAGS = "-v -x -n -a -race -cover -short -failfast -json -benchmem -trimpath -msan -asan";

const GO_VALUES = {
  text: "-run -skip -bench",
  number: "-count -p -parallel -cpu -timeout -benchtime -shuffle",
  plain: "-tags -covermode -coverpkg -list",
  "=mod|readonly|vendor": "-mod",
} as const;

const GO_NEVER =
  "-C -o -c -exec -toolexec -modfile -overlay -ldflags -gcflags -asmflags -gccgoflags -compiler -pkgdir -vettool -coverprofile " +
  "-cpuprofile -memprofile -blockprofile -mutexprofile -trace -outputdir -test.outputdir -work -pgo -buildmode -workfile -fuzz";

const GO_BUILD: Grammar = { long: true, flags: GO_FLAGS, values: GO_VALUES, never: GO_NEVER, operands: ["near*"] };

const PYTEST: Grammar = {
  flags:
    "-q -v -x -s -l --quiet --verbose --exitfirst --lf --ff --sw --nf --last-failed --failed-first --stepwise --collect-only " +
    "--co --no-header --no-summary --strict-markers --disable-warnings --no-cov",
  values: {
    text: "-k -m --deselect",
    number: "--maxfail --durations --timeout",
    plain: "-n -r --numprocesses --color --import-mode",
    "=auto|long|short|line|native|no": "--tb",
    "=no|fd|sys|tee-sys": "--capture",
  },
  optional: "--cov",
  never:
    "-c -p -o --config-file --rootdir --confcutdir --override-ini --pdb --pdbcls --trace --junitxml --junit-xml --basetemp " +
    "--cov-config --cov-report --pyargs --log-file --result-log --debug --pastebin --cache-clear --ignore --ignore-glob --noconftest",
  operands: ["near*"],
};

const MAKE: Grammar = {
  flags: "-k -n -s -B -w --keep-going --dry-run --silent --always-make --no-print-directory --output-sync",
  values: { number: "-j -l --jobs --load-average", near: "-C --directory" },
  never:
    "-f -E -I -e -i -o -W --file --makefile --eval --include-dir --environment-overrides --old-file --what-if --assume-old --assume-new",
  // Without `=`: `SHELL=...` and `CC=...` would choose what runs.
  operands: ["name*"],
};

export const BUILD_GRAMMARS: { readonly [program: string]: Grammar } = {
  cargo: {
    flags: "-q -v --quiet --verbose --locked --offline --frozen",
    never: CARGO_NEVER,
    commands: {
      build: CARGO_BUILD,
      b: CARGO_BUILD,
      check: CARGO_BUILD,
      c: CARGO_BUILD,
      test: {
        ...CARGO_BUILD,
        operands: ["name"],
        after: {
          flags: "--nocapture --ignored --include-ignored --exact --list --show-output -q --quiet",
          values: { number: "--test-threads", text: "--skip" },
          operands: ["name*"],
        },
      },
      bench: { ...CARGO_BUILD, operands: ["name"] },
      clippy: {
        ...CARGO_BUILD,
        flags: `${CARGO_FLAGS} --no-deps`,
        after: { values: { name: "-D -W -A -F --deny --warn --allow --forbid" } },
      },
      fmt: { flags: "--all --check -q -v", never: CARGO_NEVER, after: { flags: "--check" } },
      doc: { ...CARGO_BUILD, flags: `${CARGO_FLAGS} --no-deps` },
      tree: {
        flags: "-d -i -e --duplicates --all-features --locked --offline",
        values: { plain: "-p --package --depth" },
      },
      metadata: { flags: "--no-deps --locked --offline", values: { number: "--format-version" } },
    },
  },
  go: {
    commands: {
      build: GO_BUILD,
      test: GO_BUILD,
      vet: GO_BUILD,
      fmt: { long: true, flags: "-n -x", operands: ["near*"] },
      list: {
        long: true,
        flags: "-m -json -e -deps -test -u",
        values: { text: "-f" },
        never: GO_NEVER,
        operands: ["near*"],
      },
      doc: { long: true, flags: "-all -src -u -short", operands: ["plain*"] },
      env: { long: true, operands: ["plain*"] },
      version: {},
      mod: {
        commands: {
          tidy: { long: true, flags: "-v -e" },
          verify: {},
          graph: {},
          download: {},
          why: { long: true, flags: "-m", operands: ["plain*"] },
        },
      },
    },
  },
  gofmt: { flags: "-l -d -e -s -w", operands: ["near*"] },
  rustfmt: {
    flags: "--check -l -q -v",
    values: { number: "--edition" },
    never: "--config --config-path",
    operands: ["near*"],
  },
  rustc: { flags: "-V" },
  pytest: PYTEST,
  "py.test": PYTEST,
  ruff: {
    commands: {
      check: {
        flags: "-q -v --fix --no-cache --show-fixes --statistics --diff",
        values: { plain: "--select --ignore --extend-select --output-format --target-version" },
        never: "--config --add-noqa --output-file --cache-dir --stdin-filename",
        operands: ["near*"],
      },
      format: {
        flags: "-q -v --check --diff --no-cache",
        never: "--config --cache-dir --stdin-filename",
        operands: ["near*"],
      },
    },
  },
  mypy: {
    flags: "-v --strict --ignore-missing-imports --no-incremental --pretty --show-error-codes --no-color-output",
    values: { plain: "-p -m --package --module --python-version" },
    never:
      "--config-file --python-executable --cache-dir --custom-typeshed-dir --install-types --junit-xml --shadow-file -c --command",
    operands: ["near*"],
  },
  black: {
    flags: "-q -v --check --diff --fast",
    values: { number: "-l --line-length" },
    never: "-c --code --config --stdin-filename --workers",
    operands: ["near*"],
  },
  make: MAKE,
  gmake: MAKE,
};
