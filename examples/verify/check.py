"""Checks the folder that `npm run demo -- --keep DIR` leaves, without any code of Leashkit.

    python3 examples/verify/check.py DIR

Needs Python 3.8 or newer; signatures are checked with `cryptography` where it is installed, else with ed25519.py beside this file.
Ends with code 0 when everything holds, 1 when something does not, 2 without a folder.
"""

import base64
import hashlib
import json
import pathlib
import re
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    def holds(public_key, message, signature):
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
            return True
        except InvalidSignature:
            return False

    CRYPTOGRAPHY = "cryptography"
except ImportError:
    from ed25519 import holds

    CRYPTOGRAPHY = "ed25519.py"


def demand(is_so, problem):
    if not is_so:
        sys.exit(f"does not hold: {problem}")


def sha256(data):
    return hashlib.sha256(data).digest()


def from_base64url(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    demand(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, "base64url is not canonical")
    return data


def read_lines(path):
    return [line for line in path.read_bytes().split(b"\n") if line != b""] if path.exists() else []


# Keys


def read_keys(path):
    """Public keys by their ids, each with the one purpose that it is for."""
    keys = json.loads(path.read_bytes())
    demand(keys["v"] == 1, "the key set has a format version that is not known here")
    return {key["kid"]: {**key, "raw": from_base64url(key["publicKey"][len("k4.public.") :])} for key in keys["keys"]}


# Tokens: PASETO v4.public, https://github.com/paseto-standard/paseto-spec


def pre_authentication_encoding(*pieces):
    length = lambda value: value.to_bytes(8, "little")
    return length(len(pieces)) + b"".join(length(len(piece)) + piece for piece in pieces)


def open_token(token, purpose, keys):
    """The claims of a token of this purpose, whose signature holds."""
    demand(token.startswith("v4.public.") and token.count(".") == 2, "not a v4.public token without a footer")
    body = from_base64url(token[len("v4.public.") :])
    message, signature = body[:-64], body[-64:]
    claims = json.loads(message)
    key = keys.get(claims["kid"])
    demand(key is not None and key["purpose"] == purpose and key["revokedAt"] is None, f"no valid key for a {purpose}")
    # Everything but a proof is signed together with what it is for.
    implicit = b"" if purpose == "proof" else f"leashkit/{purpose}/1".encode()
    signed = pre_authentication_encoding(b"v4.public.", message, b"", implicit)
    demand(holds(key["raw"], signed, signature), f"the signature of a {purpose}")
    demand(claims["iss"] == "leashkit" and claims["purpose"] == purpose and claims["v"] == 1, f"the kind of a {purpose}")
    return claims


def canonical(value):
    """RFC 8785 for what the demo sends: texts, whole numbers, and names below U+10000."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def check_proof(token, keys, audience, sent):
    claims = open_token(token, "proof", keys)
    demand(claims["aud"] == audience, "a proof was made for somebody else")
    demand(claims["input_hash"] == sha256(canonical(sent)).hex(), "a proof is for something else than what was sent")
    return claims


# The log


def leaf_hash(line):
    """RFC 6962, section 2.1: over a zero byte and the bytes of the line before its own hash."""
    return sha256(b"\0" + line[: line.rindex(b',"hash":"')])


def check_log(lines):
    """Recomputes every chain. Gives the hashes of each stream."""
    streams = {}
    for line in lines:
        record = json.loads(line)
        hashes = streams.setdefault(record["stream"], [])
        place = f'{record["stream"]} {record["seq"]}'
        expected = leaf_hash(line).hex()
        demand(line.endswith(b',"hash":"%s"}' % expected.encode()), f"log, {place}: the line was changed")
        demand(record["seq"] == len(hashes), f"log, {place}: a line is missing, repeated or out of order")
        demand(record["prev"] == (hashes[-1] if hashes else "0" * 64), f"log, {place}: the line before it was replaced")
        hashes.append(expected)
    return streams


# Checkpoints: C2SP signed notes, https://c2sp.org/signed-note


def open_note(note, keys):
    """The text of a note that a key for checkpoints has signed."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    origin = text.split("\n")[0]
    for line in signatures.splitlines():
        dash, name, blob = line.split(" ")
        data = base64.b64decode(blob, validate=True)
        for key in keys.values():
            key_id = sha256(f"{name}\n".encode() + b"\1" + key["raw"])[:4]
            if dash == "\u2014" and name == origin and key["purpose"] == "checkpoint" and data[:4] == key_id:
                demand(holds(key["raw"], text.encode(), data[4:]), "the signature of the checkpoint")
                return text
    return sys.exit("does not hold: no published key has signed the checkpoint")


def check_checkpoint(note, keys, streams):
    """Gives size and root of the tree that is signed."""
    _, size, root, *heads = open_note(note, keys).rstrip("\n").split("\n")
    for head in heads:
        match = re.fullmatch(r'leashkit/stream (".*") (\d+) ([0-9a-f]{64})', head)
        if match:
            hashes = streams.get(json.loads(match[1]), [])
            length = int(match[2])
            demand(len(hashes) >= length, f"log: lines of {match[1]} that the checkpoint covers are missing")
            demand(hashes[length - 1] == match[3], f"log: {match[1]} was rewritten: the checkpoint has another line")
    return int(size), base64.b64decode(root)


def read_entries(tiles, size):
    """The records in the order of the tree, as in https://c2sp.org/tlog-tiles: each is two bytes of length and so many more."""
    entries = []
    for tile in range(0, size, 256):
        width = min(256, size - tile)
        digits = f"{tile // 256:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        data = (tiles / "tile/entries" / (path if width == 256 else f"{path}.p/{width}")).read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
    return entries


def root_of(hashes):
    """RFC 6962, section 2.1."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:]))


def check_tree(entries, size, root, lines):
    """What was signed are these very lines, all of which are still in the log."""
    demand(len(entries) == size, "tiles: there are not as many entries as the checkpoint says")
    demand(root_of([sha256(b"\0" + entry) for entry in entries]) == root, "tiles: the entries are not those that were signed")
    known = {line[: line.rindex(b',"hash":"')] for line in lines}
    demand(known.issuperset(entries), "log: a line that the checkpoint covers is missing or was rewritten")


def check_inclusion(proof, size, root):
    """RFC 9162, section 2.1.3.2."""
    at, last = proof["index"], size - 1
    computed = leaf_hash(proof["line"].encode())
    demand(at <= last, "inclusion proof: there is no such leaf")
    for step in map(bytes.fromhex, proof["path"]):
        demand(last != 0, "inclusion proof: the path is too long")
        if at % 2 == 1 or at == last:
            computed = sha256(b"\1" + step + computed)
            while at % 2 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            computed = sha256(b"\1" + computed + step)
        at, last = at >> 1, last >> 1
    demand(last == 0 and computed == root, "inclusion proof: it does not lead to the signed root")


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else None
    if folder is None or not (folder / "public-keys.json").exists():
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    keys = read_keys(folder / "public-keys.json")
    lines = read_lines(folder / "log.jsonl")
    streams = check_log(lines)
    print(f"log: {len(lines)} lines in {len(streams)} streams hold")

    proofs = 0
    for row in map(json.loads, read_lines(folder / "orders.jsonl")):
        check_proof(row["proof"], keys, row["order"]["merchant_domain"], row["order"])
        proofs += 1
    for row in map(json.loads, read_lines(folder / "written-files.jsonl")):
        claims = open_token(row["proof"], "proof", keys)
        check_proof(row["proof"], keys, claims["agent_id"], row["input"])
        proofs += 1
    print(f"proofs: {proofs} hold")

    receipts = [open_token(line.decode(), "receipt", keys) for line in read_lines(folder / "receipts.txt")]
    print(f"receipts: {len(receipts)} hold")

    checkpoint = folder / "checkpoint.txt"
    if checkpoint.exists():
        size, root = check_checkpoint(checkpoint.read_bytes().decode(), keys, streams)
        check_tree(read_entries(folder / "tiles", size), size, root, lines)
        print(f"checkpoint: signed over {size} records")
        inclusion = json.loads((folder / "inclusion.json").read_bytes())
        demand(inclusion["line"].encode() in lines, "inclusion proof: its line is not in the log")
        check_inclusion(inclusion, size, root)
        print(f'inclusion: record {inclusion["seq"]} of {inclusion["stream"]} is covered')
    print(f"signatures were checked with {CRYPTOGRAPHY}")


if __name__ == "__main__":
    try:
        main()
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        sys.exit(f"does not hold: something is malformed ({error!r})")
