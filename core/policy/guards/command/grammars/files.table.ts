import type { Grammar } from "../grammar.ts";

/** Programs that show files, count, compare and filter text. None of them can run another; what writes is left out. */

const HASH: Grammar = {
  flags: "-b -t -z --binary --text --tag --zero --quiet --status --strict --ignore-missing -w --warn",
  operands: ["path*"],
  hardy: true,
};

const LS: Grammar = {
  flags:
    "-1 -a -A -b -B -c -C -d -f -F -g -G -h -H -i -k -l -L -m -n -N -o -p -q -Q -r -R -s -S -t -u -U -v -x -X -Z " +
    "--all --almost-all --author --directory --dereference --full-time --group-directories-first --human-readable --inode " +
    "--no-group --numeric-uid-gid --quote-name --recursive --reverse --si --size",
  values: {
    number: "-w -T --width --tabsize",
    glob: "-I --ignore --hide",
    name: "--sort --time --format --block-size",
  },
  optional: "--color --classify --hyperlink --indicator-style --time-style",
  operands: ["path*"],
  hardy: true,
  lists: true,
};

const HEAD: Grammar = {
  flags: "-q -v -z --quiet --silent --verbose --zero-terminated",
  values: { number: "-n -c --lines --bytes" },
  operands: ["path*"],
  digits: true,
  hardy: true,
};

const DIFF: Grammar = {
  flags:
    "-a -b -B -c -d -e -E -i -n -N -p -q -r -s -t -T -u -w -y -Z --brief --ignore-all-space --ignore-blank-lines " +
    "--ignore-case --ignore-space-change --ignore-trailing-space --minimal --new-file --normal --recursive " +
    "--report-identical-files --side-by-side --strip-trailing-cr --suppress-common-lines --text",
  values: { number: "-C -U -W --context --unified --width", text: "-I -F -L --label", glob: "-x --exclude" },
  optional: "--color --context --unified",
  operands: ["path*"],
  hardy: true,
  descends: "-r --recursive",
};

const PRINT: Grammar = { operands: ["text*"], words: true, hardy: true };

export const FILE_GRAMMARS: { readonly [program: string]: Grammar } = {
  ls: LS,
  dir: LS,
  cat: {
    flags:
      "-A -b -e -E -n -s -t -T -u -v --number --number-nonblank --show-all --show-ends --show-nonprinting --show-tabs " +
      "--squeeze-blank",
    operands: ["path*"],
    hardy: true,
  },
  tac: { flags: "-b -r", values: { text: "-s --separator" }, operands: ["path*"], hardy: true },
  head: HEAD,
  // Without `-f`: a tool that waits for the end of the command would wait for ever.
  tail: { ...HEAD, flags: `${HEAD.flags} -r` },
  wc: {
    flags: "-c -m -l -L -w --bytes --chars --lines --max-line-length --words",
    values: { name: "--total" },
    operands: ["path*"],
    hardy: true,
    lists: true,
  },
  nl: {
    flags: "-p --no-renumber",
    values: { text: "-b -d -f -h -n -s", number: "-i -l -v -w" },
    operands: ["path*"],
    hardy: true,
  },
  cut: {
    flags: "-n -s -z --complement --only-delimited",
    values: { name: "-b -c -f --bytes --characters --fields", text: "-d --delimiter --output-delimiter" },
    operands: ["path*"],
    digits: true,
    hardy: true,
  },
  tr: {
    flags: "-c -C -d -s -t --complement --delete --squeeze-repeats --truncate-set1",
    operands: ["text", "text"],
    hardy: true,
  },
  rev: { operands: ["path*"], hardy: true },
  fold: { flags: "-b -s", values: { number: "-w --width" }, operands: ["path*"], hardy: true },
  column: { flags: "-t -x", values: { text: "-s -o -N", number: "-c" }, operands: ["path*"], hardy: true },
  paste: { flags: "-s -z", values: { text: "-d --delimiters" }, operands: ["path*"], hardy: true },
  comm: { flags: "-1 -2 -3 -i -z --check-order --nocheck-order --total", operands: ["path", "path"], hardy: true },
  join: {
    flags: "-i -z --header --check-order --nocheck-order",
    values: { number: "-1 -2 -j -a -v", text: "-t -e -o" },
    operands: ["path", "path"],
  },
  sort: {
    flags:
      "-b -c -C -d -f -g -h -i -m -M -n -r -R -s -u -V -z --check --dictionary-order --general-numeric-sort " +
      "--human-numeric-sort --ignore-case --ignore-leading-blanks --ignore-nonprinting --merge --month-sort --numeric-sort " +
      "--random-sort --reverse --stable --unique --version-sort --zero-terminated",
    values: { name: "-k --key --sort", text: "-t --field-separator", number: "-S --buffer-size --parallel" },
    never: "-o -T --output --compress-program --temporary-directory --files0-from --random-source",
    operands: ["path*"],
  },
  uniq: {
    flags: "-c -d -D -i -u -z --count --ignore-case --repeated --unique --zero-terminated",
    values: { number: "-f -s -w --skip-fields --skip-chars --check-chars" },
    optional: "--all-repeated --group",
    // A second operand is written.
    operands: ["path"],
  },
  shuf: { flags: "-r -z", values: { number: "-n --head-count", name: "-i" }, never: "-o --output", operands: ["path"] },
  diff: DIFF,
  cmp: {
    flags: "-b -l -s --print-bytes --quiet --silent --verbose",
    values: { number: "-n --bytes" },
    operands: ["path", "path", "number", "number"],
    hardy: true,
  },
  file: {
    flags: "-b -h -i -k -L -p -r -s -0 --brief --mime --mime-type --mime-encoding --dereference --no-dereference",
    values: { text: "-F --separator" },
    never: "-C -f -m --compile --files-from --magic-file",
    operands: ["path*"],
  },
  stat: {
    flags: "-L -f -t -x --dereference --file-system --terse",
    values: { text: "-c --format --printf" },
    operands: ["path*"],
    hardy: true,
    lists: true,
  },
  du: {
    flags:
      "-0 -a -b -c -D -h -H -k -l -L -m -P -s -S -x --all --apparent-size --bytes --count-links --dereference " +
      "--human-readable --inodes --null --one-file-system --separate-dirs --si --summarize --total",
    values: { number: "-d -t -B --max-depth --threshold --block-size", glob: "--exclude" },
    operands: ["path*"],
    hardy: true,
    lists: true,
  },
  df: {
    flags:
      "-a -h -H -i -k -l -P -T --all --human-readable --inodes --local --no-sync --portability --print-type --si --total",
    values: { name: "-t -x -B --type --exclude-type --block-size" },
    optional: "--output",
    operands: ["path*"],
    hardy: true,
  },
  tree: {
    flags:
      "-a -d -f -F -g -h -i -l -n -p -q -Q -s -u -v -t -r -x -D -C -A -S -J -X --dirsfirst --noreport --prune --gitignore " +
      "--du --si --inodes --matchdirs --ignore-case",
    values: { number: "-L --filelimit", glob: "-I -P" },
    never: "-o -R -H --fromfile --infofile --gitfile",
    operands: ["path*"],
  },
  basename: { flags: "-a -z --multiple --zero", values: { name: "-s --suffix" }, operands: ["path*"], hardy: true },
  dirname: { flags: "-z --zero", operands: ["path*"], hardy: true },
  realpath: {
    flags: "-e -m -L -P -q -s -z --canonicalize-existing --canonicalize-missing --strip --no-symlinks",
    values: { path: "--relative-to --relative-base" },
    operands: ["path*"],
    hardy: true,
  },
  readlink: { flags: "-f -e -m -n -q -s -v -z --canonicalize", operands: ["path*"], hardy: true },
  md5sum: HASH,
  sha1sum: HASH,
  sha256sum: HASH,
  sha512sum: HASH,
  cksum: HASH,
  b2sum: HASH,
  // What only talks of itself.
  echo: PRINT,
  // bash's `-v` sets a variable, and in it an index can run a command.
  printf: { operands: ["text*"], never: "-v" },
  pwd: { flags: "-L -P", hardy: true },
  cd: { flags: "-L -P -e", operands: ["path"], hardy: true },
  true: PRINT,
  false: PRINT,
  ":": PRINT,
  sleep: { operands: ["number"], hardy: true },
  seq: { flags: "-w --equal-width", values: { text: "-s -f" }, operands: ["number", "number", "number"], hardy: true },
  date: {
    flags: "-u -R --utc --universal --rfc-email",
    values: { text: "-d --date", path: "-r --reference" },
    optional: "-I --iso-8601 --rfc-3339",
    never: "-s -f --set --file",
    operands: ["format"],
  },
  whoami: { hardy: true },
  id: { flags: "-g -G -n -r -u -z --group --groups --name --real --user", operands: ["plain"], hardy: true },
  groups: { operands: ["plain*"], hardy: true },
  uname: { flags: "-a -i -m -n -o -p -r -s -v --all", hardy: true },
  hostname: { flags: "-d -f -i -I -s", hardy: true },
  arch: { hardy: true },
  nproc: { flags: "--all", hardy: true },
  uptime: { flags: "-p -s", hardy: true },
  free: { flags: "-b -k -m -g -h -t -w --human --total", hardy: true },
  cal: { flags: "-1 -3 -m -s -y -j", operands: ["number*"], hardy: true },
  which: { flags: "-a", operands: ["plain*"], hardy: true },
  type: { flags: "-a -f -p -P -t", operands: ["plain*"], hardy: true },
  whereis: { flags: "-b -m -s", operands: ["plain*"] },
  // Without its dash `e` shows the environment of every process.
  ps: { flags: "-A -e -f -l -H", values: { number: "-p", plain: "-C -o -u" }, operands: ["=aux|ax|u|x|axf|auxf"] },
  pgrep: { flags: "-a -c -l -n -o -x", values: { plain: "-u" }, operands: ["plain"] },
};
