import type { Grammar } from "../grammar.ts";

/**
 * Options that pick commits and show them. Operands are commits and patterns of paths, which git itself expands: they are
 * looked at as patterns.
 */
const SHOWS =
  "-p -u -s -w -b -a -z -m -c --patch --no-patch --stat --shortstat --numstat --dirstat --summary --name-only --name-status " +
  "--raw --oneline --graph --all --branches --tags --remotes --decorate --no-decorate --merges --no-merges --first-parent " +
  "--reverse --date-order --author-date-order --topo-order --follow --full-history --no-color --no-ext-diff --no-textconv " +
  "--no-renames --ignore-all-space --ignore-space-change --ignore-blank-lines --ignore-space-at-eol --word-diff --minimal " +
  "--patience --histogram --function-context --text --binary --full-index --exit-code --quiet --no-prefix --cc --left-right " +
  "--cherry-pick --cherry-mark --no-abbrev-commit --abbrev-commit --no-walk --regexp-ignore-case --extended-regexp " +
  "--fixed-strings --perl-regexp --all-match --invert-grep --no-notes --no-mailmap --check -i -E -F -P -R";

const PICKS = {
  number: "-n -U --max-count --skip --unified --inter-hunk-context",
  text: "--author --committer --grep --since --until --after --before --format -S -G",
  name: "-L --diff-algorithm --submodule --ws-error-highlight",
} as const;

const OPTIONAL =
  "--color --abbrev --stat --decorate --pretty --date --diff-filter --find-renames --find-copies --word-diff --color-moved -M -C " +
  "--dirstat --relative --ignore-submodules";

const NEVER =
  "-O --output --ext-diff --textconv --open-files-in-pager --exec --upload-pack --receive-pack --no-index --template " +
  "--separate-git-dir --config --config-env --server-option";

const SHOW: Grammar = {
  flags: SHOWS,
  values: PICKS,
  optional: OPTIONAL,
  never: NEVER,
  operands: ["glob*"],
  digits: true,
};

/** Remotes and branches by their names: no URL, which could be a program (`ext::`). */
const NETWORK: Grammar = {
  flags:
    "-a -p -q -t -v -f --all --prune --quiet --tags --no-tags --verbose --dry-run --ff-only --no-rebase --rebase --progress",
  values: { number: "--depth -j --jobs" },
  never: `${NEVER} --refmap --recurse-submodules`,
  operands: ["plain*"],
};

export const GIT: Grammar = {
  flags: "--no-pager --no-optional-locks --literal-pathspecs --no-replace-objects -P",
  values: { near: "-C" },
  never:
    "-c --exec-path --config-env --git-dir --work-tree --namespace --super-prefix --bare --attr-source --paginate -p --html-path",
  commands: {
    status: {
      flags:
        "-s -b -v -z -u --short --branch --long --porcelain --verbose --show-stash --ahead-behind --no-ahead-behind",
      optional: "--porcelain --untracked-files --ignored --ignore-submodules --column -u",
      never: NEVER,
      operands: ["glob*"],
    },
    diff: { ...SHOW, flags: `${SHOWS} --cached --staged --merge-base` },
    log: SHOW,
    show: SHOW,
    shortlog: { ...SHOW, flags: `${SHOWS} -n -s -e --summary --numbered --email`, values: { text: PICKS.text } },
    whatchanged: SHOW,
    blame: {
      flags:
        "-b -c -e -f -l -n -p -s -t -w -M -C --porcelain --line-porcelain --show-email --show-name --show-number --root",
      values: { name: "-L", text: "--since" },
      optional: "--abbrev --date --color-lines",
      never: `${NEVER} -S --contents --ignore-revs-file`,
      operands: ["glob*"],
    },
    grep: {
      flags:
        "-a -c -E -F -G -h -H -i -I -l -L -n -o -p -P -q -v -w -W -z --cached --untracked --count --extended-regexp " +
        "--files-with-matches --fixed-strings --ignore-case --line-number --name-only --only-matching --perl-regexp --quiet " +
        "--word-regexp --heading --break --function-context --column --all-match --and --or --not",
      values: {
        text: "-e",
        number: "-A -B -C -m --max-depth --threads --after-context --before-context --context --max-count",
      },
      never: `${NEVER} -f`,
      operands: ["text", "glob*"],
      instead: "-e",
    },
    "ls-files": {
      flags:
        "-c -d -i -k -m -o -s -t -u -v -z --cached --deleted --ignored --modified --others --stage --unmerged " +
        "--exclude-standard --full-name --error-unmatch --eol --directory",
      values: { glob: "-x --exclude" },
      never: `${NEVER} -X --exclude-from --exclude-per-directory`,
      operands: ["glob*"],
    },
    "ls-tree": {
      flags: "-d -l -r -t -z --name-only --name-status --long --full-name --full-tree",
      operands: ["glob*"],
    },
    "rev-parse": {
      flags:
        "--abbrev-ref --short --verify --quiet -q --symbolic-full-name --show-toplevel --show-prefix --show-cdup --git-dir " +
        "--is-inside-work-tree --is-bare-repository --all --absolute-git-dir --show-current",
      optional: "--short --abbrev-ref",
      operands: ["name*"],
    },
    "rev-list": { ...SHOW, flags: `${SHOWS} --count --objects` },
    "merge-base": { flags: "-a --all --is-ancestor --fork-point --octopus", operands: ["name*"] },
    "name-rev": { flags: "--tags --name-only --always", operands: ["name*"] },
    "cat-file": { flags: "-t -s -e -p", operands: ["name*"] },
    "for-each-ref": {
      flags: "--merged --no-merged",
      values: { text: "--format", name: "--sort", number: "--count" },
      operands: ["name*"],
    },
    "count-objects": { flags: "-v -H" },
    describe: {
      flags: "--all --tags --always --long --dirty --exact-match --contains --first-parent",
      values: { glob: "--match --exclude", number: "--candidates" },
      optional: "--abbrev --dirty",
      operands: ["name*"],
    },
    branch: {
      flags: "-a -r -v -q -l --all --remotes --list --verbose --show-current --merged --no-merged --ignore-case",
      values: { name: "--contains --no-contains --points-at --sort", text: "--format" },
      optional: "--merged --no-merged --column --color",
      operands: ["plain*"],
    },
    tag: {
      flags: "-l -n --list --ignore-case",
      values: { name: "--contains --points-at --sort --merged", text: "--format" },
      operands: ["plain*"],
    },
    remote: {
      flags: "-v --verbose",
      commands: {
        "get-url": { flags: "--all --push", operands: ["plain"] },
        show: { flags: "-n", operands: ["plain"] },
      },
    },
    reflog: { ...SHOW, operands: [], commands: { show: SHOW } },
    config: {
      // A list of all settings shows tokens, too.
      flags: "--name-only --show-origin --show-scope --local --global --system -z",
      values: { name: "--get --get-all --type" },
      never: "-e -f --file --blob --edit --add --replace-all --unset --unset-all --rename-section --remove-section",
      commands: { get: { operands: ["name"] } },
    },
    add: {
      // Without `-f`: what is ignored often holds secrets, and shows in every diff once it is added.
      flags: "-A -N -n -u -v --all --update --intent-to-add --dry-run --verbose --no-all --renormalize",
      never: "-e -i -p --edit --interactive --patch --pathspec-from-file --chmod",
      operands: ["glob*"],
    },
    mv: { flags: "-f -k -n -v --force --dry-run --verbose", operands: ["near*"] },
    rm: { flags: "-f -n -q -r --cached --force --dry-run --quiet --ignore-unmatch", operands: ["near*"] },
    commit: {
      flags:
        "-a -q -s -v --all --quiet --signoff --verbose --amend --no-edit --allow-empty --dry-run --short --porcelain --no-status",
      values: { text: "-m --message --author --date --trailer", path: "-F --file" },
      optional: "--fixup --squash",
      never: `${NEVER} -c -C -e -n -p -t --edit --reedit-message --no-verify --patch --interactive --gpg-sign -S --pathspec-from-file`,
      operands: ["glob*"],
    },
    switch: {
      flags: "-q --quiet --detach -d --no-guess --progress",
      values: { plain: "-c --create" },
      never: "-f -C --force --discard-changes --force-create --orphan",
      operands: ["name", "name"],
    },
    stash: {
      flags: "-u -k -q --include-untracked --keep-index --quiet",
      never: "-p --patch --pathspec-from-file",
      commands: {
        list: SHOW,
        show: SHOW,
        push: {
          flags: "-u -k -q -S --include-untracked --keep-index --quiet --staged",
          values: { text: "-m --message" },
          operands: ["near*"],
        },
        pop: { flags: "--index -q", operands: ["name"] },
        apply: { flags: "--index -q", operands: ["name"] },
      },
    },
    fetch: NETWORK,
    pull: NETWORK,
    // What follows reaches outside, or undoes work: only where an entry names it.
    push: {
      ...NETWORK,
      named: true,
      flags:
        "-q -u -v --quiet --set-upstream --verbose --dry-run --tags --follow-tags --porcelain --progress --force-with-lease -n",
      never: `${NEVER} -f -o --force --mirror --delete -d --prune --no-verify --push-option --repo`,
    },
    checkout: {
      named: true,
      flags: "-q --quiet --detach --no-guess --progress --ours --theirs",
      values: { plain: "-b" },
      never: "-f -p -B --force --patch --orphan --pathspec-from-file",
      operands: ["glob*"],
    },
    restore: {
      named: true,
      flags: "-S -W -q --staged --worktree --quiet",
      values: { name: "-s --source" },
      never: "-p --patch --pathspec-from-file",
      operands: ["near*"],
    },
    reset: {
      named: true,
      flags: "-q --quiet --soft --mixed --hard --keep --merge",
      never: "-p --patch --pathspec-from-file",
      operands: ["glob*"],
    },
    merge: {
      named: true,
      flags:
        "-q -v --ff --no-ff --ff-only --squash --no-squash --abort --continue --no-edit --quiet --stat --no-commit",
      values: { text: "-m", plain: "-X --strategy-option" },
      never: "-s -e -F -S --strategy --edit --file --gpg-sign --no-verify",
      operands: ["name*"],
    },
    rebase: {
      named: true,
      flags: "-q --abort --continue --skip --quiet --autostash --no-autostash --keep-base",
      values: { name: "--onto" },
      never: "-i -x -s --interactive --exec --strategy --edit-todo --no-verify --root",
      operands: ["name", "name"],
    },
    "cherry-pick": {
      named: true,
      flags: "-x -n --abort --continue --skip --no-commit",
      never: "-e -S --edit --strategy --gpg-sign",
      operands: ["name*"],
    },
    revert: {
      named: true,
      flags: "-n --no-edit --abort --continue --skip --no-commit",
      never: "-e -S",
      operands: ["name*"],
    },
    clean: {
      named: true,
      flags: "-d -n -f -q -x -X --dry-run --force --quiet",
      never: "-i --interactive",
      operands: ["near*"],
    },
    init: {
      named: true,
      flags: "-q --quiet",
      values: { plain: "-b --initial-branch" },
      never: NEVER,
      operands: ["near"],
    },
    clone: {
      named: true,
      flags: "-q -v --quiet --verbose --single-branch --no-tags --no-checkout --progress",
      values: { number: "--depth", plain: "-b --branch" },
      never: `${NEVER} -c -u -o --recurse-submodules --recursive --reference --bundle-uri --mirror --bare`,
      operands: ["url", "near"],
    },
    // Known ways to run something.
    bisect: { named: true, commands: { run: { named: true } }, operands: ["name*"] },
    submodule: { named: true, commands: { foreach: { named: true }, status: { operands: ["near*"] } } },
    archive: { named: true, never: "--exec --remote -o --output --add-file --format", operands: ["name"] },
  },
};
