import type { Grammar } from "../grammar.ts";

/** Programs that change files: only below the working folder, and nothing hidden. */
export const WRITE_GRAMMARS: { readonly [program: string]: Grammar } = {
  mkdir: { flags: "-p -v --parents --verbose", operands: ["near*"] },
  rmdir: { flags: "-p -v --parents --verbose", operands: ["near*"] },
  touch: { flags: "-a -c -m --no-create", operands: ["near*"] },
  cp: {
    flags:
      "-a -d -f -i -L -n -p -P -r -R -T -u -v -x --archive --force --interactive --no-clobber --no-dereference " +
      "--no-target-directory --one-file-system --recursive --update --verbose",
    never: "-S -t --target-directory --suffix --backup --parents",
    operands: ["near*"],
    descends: "-a -r -R --archive --recursive",
  },
  mv: {
    flags: "-f -i -n -T -u -v --force --interactive --no-clobber --no-target-directory --update --verbose",
    never: "-S -t --target-directory --suffix --backup",
    operands: ["near*"],
    descends: true,
  },
  rm: {
    flags: "-d -f -i -I -r -R -v --dir --force --one-file-system --preserve-root --recursive --verbose",
    never: "--no-preserve-root",
    operands: ["near*"],
    descends: "-r -R --recursive",
  },
  tee: { flags: "-a -i --append", operands: ["near*"], never: "--output-error" },
  ln: {
    flags: "-s -n -f -v -r --symbolic --force --relative --verbose",
    never: "-t --target-directory",
    operands: ["near", "near"],
  },
  chmod: {
    flags: "-c -f -R -v --changes --recursive --verbose",
    never: "--reference",
    operands: [
      "=+x|a+x|u+x|ug+x|644|0644|755|0755|600|0600|700|0700|664|0664|775|0775|u+w|u+rw|go-w|go-rwx|-x|a-x",
      "near*",
    ],
    descends: "-R --recursive",
  },
  tar: {
    flags:
      "-c -t -x -z -j -J -v -k -m -p --create --list --extract --get --gzip --bzip2 --xz --zstd --verbose " +
      "--keep-old-files --no-same-owner --numeric-owner --totals --full-time",
    values: { archive: "-f -C --file --directory", glob: "--exclude", number: "--strip-components" },
    never:
      "-F -I -P -T -g -G -A --to-command --checkpoint-action --checkpoint --use-compress-program --rsh-command --rmt-command " +
      "--info-script --new-volume-script --absolute-names --files-from --index-file --transform --xform --one-top-level " +
      "--remove-files --delete --unlink-first --overwrite --keep-directory-symlink --volno-file --exclude-from --add-file",
    operands: ["archive*"],
    bare: true,
    descends: true,
  },
  unzip: {
    flags: "-l -v -t -q -n -Z",
    values: { archive: "-d" },
    never: "-p -c -: -K",
    operands: ["archive*"],
    descends: true,
  },
  gzip: { flags: "-k -l -t -v -n -1 -9 -d -f", operands: ["near*"], never: "-r -S --suffix" },
  gunzip: { flags: "-k -l -t -v -f", operands: ["near*"], never: "-r -S -c --suffix" },
};
