import type { Grammar } from "../grammar.ts";

/**
 * Programs that fetch: one URL, shown and not stored, nothing sent along, and no redirect followed, which could lead to where
 * no word of the command may lead.
 */
export const NETWORK_GRAMMARS: { readonly [program: string]: Grammar } = {
  curl: {
    flags:
      "-s -S -f -i -I -v -4 -6 --silent --show-error --fail --fail-with-body --include --head --verbose --compressed " +
      "--http1.1 --http2 --no-progress-meter --ipv4 --ipv6",
    values: {
      number: "-m --max-time --connect-timeout --retry --retry-delay",
      "=GET|HEAD": "-X --request",
      text: "-A --user-agent",
      url: "--url",
    },
    never:
      "-o -O -J -T -K -F -d -D -b -c -u -x -E -q -n -w -C -z --output --remote-name --remote-name-all --output-dir --upload-file --config --form " +
      "--form-string --data --data-raw --data-binary --data-urlencode --data-ascii --json --cookie --cookie-jar --user --netrc --netrc-file --proxy " +
      "--preproxy --socks5 --unix-socket --abstract-unix-socket --engine --cert --key --cacert --capath --dump-header --trace " +
      "--trace-ascii --stderr --write-out --create-dirs --resolve --connect-to --libcurl --egd-file --random-file --location-trusted " +
      "--quote --postquote --prequote --interface --dns-servers --doh-url --hsts --alt-svc --etag-save --etag-compare --variable --next -Q",
    operands: ["url"],
  },
  ping: { flags: "-n -q -4 -6", values: { number: "-c -w -W -i" }, operands: ["plain"] },
  dig: { flags: "-4 -6", operands: ["plain*"], never: "-f -k" },
  nslookup: { operands: ["plain"] },
  host: { flags: "-a -v -4 -6", values: { plain: "-t" }, operands: ["plain"] },
};
