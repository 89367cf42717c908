#!/bin/sh
# Checks the folder that `npm run demo -- --keep DIR` leaves with openssl (3.0 or newer) and the tools that every system has.
#
#     sh examples/verify/check.sh DIR
#
# It recomputes the log's chains and checks the signature of every proof and receipt, and of the checkpoint, of which it compares the
# number of records and the ends of the streams that it names; check.py rebuilds the signed tree as well. Ends with code 0 when
# everything holds, 1 when something does not, 2 without a folder.
set -eu
export LC_ALL=C
[ $# -eq 1 ] && [ -f "$1/public-keys.json" ] || { echo "usage: check.sh DIR" >&2; exit 2; }
folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "does not hold: $1" >&2
  exit 1
}

# member NAME: the text of a member of a flat JSON object that is read from the standard input.
member() {
  sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1
}

# base64url TEXT: its bytes.
base64url() {
  text=$(printf %s "$1" | tr -- '-_' '+/')
  while [ $((${#text} % 4)) -ne 0 ]; do text="$text="; done
  printf %s "$text" | openssl base64 -d -A
}

# length NUMBER: eight bytes, the least significant first.
length() {
  left=$1
  for _ in 1 2 3 4 5 6 7 8; do
    printf "\\$(printf %03o $((left % 256)))"
    left=$((left / 256))
  done
}

# piece FILE: its length and its bytes.
piece() {
  length "$(wc -c <"$1" | tr -d ' ')"
  cat "$1"
}

# One line for each published key: id, purpose, key; revoked ones are left out.
tr -d '\n ' <"$folder/public-keys.json" | sed 's/},{/}\
{/g' | grep '"revokedAt":null' | while read -r key; do
  echo "$(echo "$key" | member kid) $(echo "$key" | member purpose) $(echo "$key" | member publicKey)"
done >"$work/keys"

# pem KEY: writes a `k4.public` key to $work/key.pem. RFC 8410 says what stands before the 32 bytes.
pem() {
  {
    printf '\060\052\060\005\006\003\053\145\160\003\041\000'
    base64url "${1#k4.public.}"
  } | openssl pkey -pubin -inform DER -outform PEM -out "$work/key.pem"
}

# holds MESSAGE SIGNATURE: whether the key in $work/key.pem has signed the one file with the other.
holds() {
  openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin -in "$1" -sigfile "$2" >/dev/null 2>&1
}

# token PURPOSE TOKEN: fails unless a published key for that purpose has signed it.
token() {
  base64url "${2#v4.public.}" >"$work/body"
  size=$(($(wc -c <"$work/body") - 64))
  head -c "$size" "$work/body" >"$work/message"
  tail -c 64 "$work/body" >"$work/signature"
  printf 'v4.public.' >"$work/header"
  : >"$work/footer"
  if [ "$1" = proof ]; then : >"$work/implicit"; else printf 'leashkit/%s/1' "$1" >"$work/implicit"; fi
  {
    length 4
    for part in header message footer implicit; do piece "$work/$part"; done
  } >"$work/signed"
  kid=$(member kid <"$work/message")
  key=$(sed -n "s/^$kid $1 //p" "$work/keys")
  [ -n "$key" ] || fail "a $1 names no published key for it"
  pem "$key"
  holds "$work/signed" "$work/signature" || fail "the signature of a $1"
}

# The log: each line says its hash, which is SHA-256 over a zero byte and all that stands before it.
while IFS= read -r line; do
  hashed=${line%,\"hash\":\"*}
  said=$(printf '%s\n' "${line#"$hashed"}" | sed -n 's/^,"hash":"\([0-9a-f]\{64\}\)"}$/\1/p')
  computed=$(printf '\000%s' "$hashed" | openssl dgst -sha256 -r | cut -c 1-64)
  [ "$said" = "$computed" ] || fail "a line of the log was changed: $(printf '%.80s' "$line")"
  printf '%s\n' "$hashed" | sed 's/^{"v":1,"stream":"\([^"]*\)","seq":\([0-9]*\),.*,"prev":"\([0-9a-f]*\)"$/\1 \2 \3/'
  echo "$computed"
done <"$folder/log.jsonl" | paste -d ' ' - - >"$work/lines" || exit 1
[ "$(wc -l <"$work/lines")" -eq "$(wc -l <"$folder/log.jsonl")" ] || fail "the log could not be read to its end"
awk '
  BEGIN { zeros = sprintf("%064d", 0) }
  {
    expected = ($1 in count) ? hash[$1] : zeros
    if ($2 != count[$1] + 0 || $3 != expected) { print "does not hold: the chain at " $1 " " $2; exit 1 }
    count[$1] += 1
    hash[$1] = $4
  }
' "$work/lines" >&2
echo "log: $(wc -l <"$work/lines" | tr -d ' ') lines hold"

# Proofs and receipts.
count=0
for proof in $(cat "$folder/orders.jsonl" "$folder/written-files.jsonl" | sed 's/.*"proof":"\([^"]*\)".*/\1/'); do
  token proof "$proof"
  count=$((count + 1))
done
echo "proofs: $count hold"
count=0
[ ! -f "$folder/receipts.txt" ] || for receipt in $(cat "$folder/receipts.txt"); do
  token receipt "$receipt"
  count=$((count + 1))
done
echo "receipts: $count hold"

# The checkpoint, a signed note: its text up to an empty line, then who signed it. Of its lines on streams each must be in the log.
[ -f "$folder/checkpoint.txt" ] || exit 0
sed '/^$/q' "$folder/checkpoint.txt" | sed '$d' >"$work/note"
sed -n '$s/^.* .* //p' "$folder/checkpoint.txt" | openssl base64 -d -A | tail -c 64 >"$work/signature"
verified=no
while read -r _ purpose key; do
  [ "$purpose" = checkpoint ] || continue
  pem "$key"
  if holds "$work/note" "$work/signature"; then verified=yes; fi
done <"$work/keys"
[ "$verified" = yes ] || fail "no published key has signed the checkpoint"
sed -n 's/^leashkit\/stream "\([^"]*\)" \([0-9]*\) \([0-9a-f]*\)$/\1 \2 \3/p' "$work/note" | while read -r stream size hash; do
  grep -q "^$stream $((size - 1)) [0-9a-f]* $hash\$" "$work/lines" || fail "$stream was cut off or rewritten: the checkpoint has another line"
done
size=$(sed -n 2p "$work/note")
[ "$(wc -l <"$work/lines")" -ge "$size" ] || fail "the log has fewer lines than the checkpoint covers"
echo "checkpoint: signed over $size records"
