import type { Grammar } from "../grammar.ts";

/** Programs that only run another one: that one must be allowed itself. */
export const WRAPPER_GRAMMARS: { readonly [program: string]: Grammar } = {
  timeout: {
    flags: "--foreground --preserve-status -v --verbose",
    values: { name: "-s --signal", number: "-k --kill-after" },
    operands: ["number"],
    runs: true,
  },
  time: { flags: "-p", never: "-f -o -a -v --format --output --append", runs: true },
  nice: { values: { number: "-n --adjustment" }, digits: true, runs: true },
  nohup: { runs: true },
  ionice: { flags: "-t", values: { number: "-c -n" }, never: "-p -P -u", runs: true },
  stdbuf: { values: { name: "-i -o -e --input --output --error" }, runs: true },
  env: {
    flags: "-i --ignore-environment",
    values: { plain: "-u --unset" },
    never:
      "-S -C -P -a --split-string --chdir --argv0 --block-signal --default-signal --ignore-signal --list-signal-handling",
    assigns: true,
    runs: true,
  },
  command: {
    commands: { "-v": { operands: ["plain*"] }, "-V": { operands: ["plain*"] } },
    runs: true,
  },
};

/** Shells: what they are told is a command line of its own. */
export const SHELLS: readonly string[] = (
  "sh bash dash ash zsh ksh ksh93 mksh oksh pdksh lksh csh tcsh fish yash rc es elvish xonsh nu rbash " +
  "rksh rzsh pwsh powershell cmd"
).split(" ");

/** Programs that run code which they read: from a pipe, too. */
export const INTERPRETERS: readonly string[] = (
  "python python2 python3 pypy pypy3 ipython perl ruby irb php node nodejs deno bun lua luajit lua5.1 " +
  "lua5.2 lua5.3 lua5.4 tclsh wish expect guile racket scheme gst R Rscript julia groovy scala ghci " +
  "runghc ocaml erl iex elixir osascript awk gawk mawk nawk sqlite3 psql mysql mariadb dc m4 gdb ed ex " +
  "vi vim swift jshell jjs tsx ts-node bsh clj sbcl at batch crontab"
).split(" ");

/** Programs that run the words behind them, whatever their grammar: denied commands are looked for in all of these words. */
export const CARRIERS: readonly string[] = (
  "env nohup sudo sudoedit doas su runuser pkexec gosu su-exec xargs parallel timeout gtimeout nice " +
  "ionice chrt taskset time stdbuf setsid setarch linux32 linux64 i386 x86_64 unshare nsenter chroot " +
  "bwrap firejail flatpak-spawn systemd-run cgexec cpulimit prlimit numactl watch entr script unbuffer " +
  "strace ltrace gdb valgrind perf catchsegv ld.so ld-linux.so.2 ld-linux-x86-64.so.2 busybox toybox " +
  "command builtin exec eval trap coproc ssh sshpass ssh-agent slogin rsh tmux screen dtach " +
  "dbus-run-session dbus-launch faketime fakeroot proot torsocks torify tsocks proxychains proxychains4 " +
  "setpriv capsh aa-exec runcon sg newgrp start-stop-daemon daemon flock lockf docker podman nerdctl " +
  "kubectl oc lxc incus vagrant npx pnpx bunx uvx pipx poetry pipenv hatch rye direnv dotenv op doppler " +
  "aws-vault chamber caffeinate multitime hyperfine softlimit chpst envdir setuidgid with-contenv tini " +
  "dumb-init catatonit"
).split(" ");

/** Programs that run the words behind one of these. */
export const MARKED_CARRIERS: { readonly [program: string]: string } = {
  find: "-exec -execdir -ok -okdir",
  fd: "-x -X --exec --exec-batch",
  fdfind: "-x -X --exec --exec-batch",
  npm: "exec x",
  pnpm: "exec dlx",
  yarn: "exec dlx",
  bun: "x",
  uv: "run",
  bundle: "exec",
  conda: "run",
  mamba: "run",
};

/** What fetches or decodes: what comes out of it must not become a program. */
export const SOURCES: readonly string[] = (
  "curl wget wget2 fetch aria2c axel http https httpie lynx links w3m elinks nc ncat netcat socat " +
  "telnet ftp lftp tftp scp sftp rsync ssh gsutil aws gcloud az rclone openssl base64 base32 basenc " +
  "base58 xxd od uudecode gunzip zcat bzcat xzcat zstdcat unzip gpg"
).split(" ");

/** What starts a program whose own grammar then counts, as an entry of the policy may name it: `npx vitest`. */
export const LAUNCHERS: readonly string[] = [
  "npx",
  "npx --no-install",
  "npm exec",
  "npm exec --",
  "pnpm",
  "pnpm exec",
  "pnpm dlx",
  "yarn",
  "yarn exec",
  "yarn dlx",
  "bunx",
  "bun x",
  "python -m",
  "python3 -m",
  "uv run",
  "uvx",
  "poetry run",
  "pipenv run",
  "hatch run",
  "bundle exec",
];
