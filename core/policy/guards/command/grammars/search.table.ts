import type { Grammar } from "../grammar.ts";

/** Programs that look for files and for text in them, and filters with a language of their own. */

const GREP: Grammar = {
  flags:
    "-a -b -c -E -F -G -h -H -i -I -l -L -n -o -P -q -r -R -s -T -U -v -w -x -y -z -Z --basic-regexp --byte-offset --count " +
    "--extended-regexp --files-with-matches --files-without-match --fixed-strings --ignore-case --initial-tab --invert-match " +
    "--line-buffered --line-number --line-regexp --no-filename --no-ignore-case --no-messages --null --null-data " +
    "--only-matching --perl-regexp --quiet --recursive --dereference-recursive --silent --text --with-filename " +
    "--word-regexp",
  values: {
    text: "-e --regexp --label",
    number: "-A -B -C -m --after-context --before-context --context --max-count",
    glob: "--include --exclude --exclude-dir",
    path: "-f --file --exclude-from",
    name: "-d -D --binary-files --devices --directories",
  },
  optional: "--color --colour",
  operands: ["text", "path*"],
  instead: "-e --regexp -f --file",
  digits: true,
  hardy: true,
  descends: "-r -R --recursive --dereference-recursive",
};

const SED: Grammar = {
  flags: "-n -E -r -s -u -z --quiet --silent --regexp-extended --separate --unbuffered --null-data --posix --sandbox",
  values: { sed: "-e --expression", number: "-l --line-length" },
  never: "-i -f -I --in-place --file --follow-symlinks",
  operands: ["sed", "path*"],
  instead: "-e --expression",
};

const AWK: Grammar = {
  values: { text: "-F -v --field-separator --assign" },
  never:
    "-f -i -l -E -e -W -o -d -D -p --file --include --load --exec --source --dump-variables --debug --pretty-print --profile",
  operands: ["awk", "path*"],
};

export const SEARCH_GRAMMARS: { readonly [program: string]: Grammar } = {
  grep: GREP,
  egrep: GREP,
  fgrep: GREP,
  // Without `--hidden` and `-u`: it would show what lies in hidden files.
  rg: {
    flags:
      "-a -c -F -g -h -H -i -I -l -L -n -N -o -p -P -q -s -S -U -v -w -x -0 --case-sensitive --count --count-matches " +
      "--column --crlf --debug --files --files-with-matches --files-without-match --fixed-strings --follow --heading " +
      "--ignore-case --invert-match --json --line-number --line-regexp --multiline --multiline-dotall " +
      "--no-config --no-filename --no-heading --no-hidden --no-ignore --no-ignore-vcs --no-line-number --no-messages --null " +
      "--one-file-system --only-matching --passthru --pcre2 --pretty --quiet --smart-case --stats --text --trim " +
      "--type-list --vimgrep --with-filename --word-regexp",
    values: {
      text: "-e -r --regexp --replace",
      number:
        "-A -B -C -d -j -m -M --after-context --before-context --context --max-columns --max-count --max-depth " +
        "--maxdepth --max-filesize --threads",
      glob: "-g --glob --iglob",
      name: "-t -T -E --type --type-not --encoding --sort --sortr --engine --color --colors",
      path: "-f --file",
    },
    never: "-z --pre --pre-glob --hostname-bin --search-zip --ignore-file --type-add --hyperlink-format --generate",
    operands: ["text", "path*"],
    instead: "-e --regexp -f --file --files --type-list",
    descends: true,
  },
  find: {
    long: true,
    flags:
      "-H -L -P -a -and -o -or -not -empty -print -print0 -ls -prune -follow -mount -xdev -depth -d -daystart -readable " +
      "-writable -executable -true -false -quit -nouser -nogroup -noleaf -ignore_readdir_race",
    values: {
      glob: "-name -iname -path -ipath -wholename -iwholename -lname -ilname",
      text: "-regex -iregex -printf -newermt",
      number: "-maxdepth -mindepth -size -mtime -mmin -atime -amin -ctime -cmin -links -inum -uid -gid",
      name: "-type -xtype -perm -user -group -regextype -fstype",
      path: "-newer -anewer -cnewer -samefile",
    },
    never: "-exec -execdir -ok -okdir -delete -fprint -fprint0 -fprintf -fls -files0-from -D",
    // Folders come first, then what is asked of them: brackets and `!` are words, too.
    operands: ["path*"],
  },
  sed: SED,
  gsed: SED,
  awk: AWK,
  gawk: AWK,
  mawk: AWK,
  nawk: AWK,
  jq: {
    flags:
      "-a -C -c -e -j -M -n -r -R -s -S --ascii-output --color-output --compact-output --exit-status --join-output " +
      "--monochrome-output --null-input --raw-input --raw-output --raw-output0 --seq --slurp --sort-keys --stream --tab " +
      "--unbuffered",
    values: { number: "--indent" },
    pairs: "--arg --argjson",
    never: "-f -L --from-file --library-path --run-tests",
    operands: ["jq", "path*"],
  },
};
