// SPDX-License-Identifier: GPL-2.0-or-later
/* What another implementation makes of COSE_Sign1 objects and SUIT envelopes.
 *
 * usage: node cose.cjs FOLDER-WITH-node_modules < QUESTIONS > ANSWERS
 * A line each, as JSON: {"kind": "cose" | "suit", "bytes": hex, "key": PEM} becomes
 * {"verdict": "valid" | "invalid" | "refused", "alg", "by", "why"}. By "library": all of
 * it; by "frame": the library read it and built what is signed, and node's own crypto
 * looked at the signature, for the algorithms of RFC 9864 that the library does not know. */
"use strict";
const crypto = require("node:crypto");
const path = require("node:path");
const readline = require("node:readline");
const need = require("node:module").createRequire(path.resolve(process.argv[2], "x"));
const { Sign1 } = need("@auth0/cose");
const { Encoder } = need("cbor-x");

const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });

// RFC 9864: the algorithm and the curve in one number.
const SPECIFIED = new Map([
	[-9, ["sha256", "prime256v1"]], [-51, ["sha384", "secp384r1"]],
	[-52, ["sha512", "secp521r1"]], [-19, [null, "ed25519"]], [-53, [null, "ed448"]],
]);

function kindOf(key) {
	return key.asymmetricKeyType === "ec" ? key.asymmetricKeyDetails.namedCurve
		: key.asymmetricKeyType;
}

function byFrame(sign1, key, payload) {
	const [hash, curve] = SPECIFIED.get(sign1.alg);
	if (kindOf(key) !== curve)
		return { verdict: "invalid", why: "a key of another kind" };
	const text = Sign1.Signature1(sign1.encodedProtectedHeaders, new Uint8Array(), payload);
	const how = hash ? { key, dsaEncoding: "ieee-p1363" } : key;
	const good = crypto.verify(hash, text, how, sign1.signature);
	return { verdict: good ? "valid" : "invalid", why: "" };
}

async function judge(bytes, key, detachedPayload) {
	const sign1 = Sign1.decode(bytes);
	const alg = sign1.alg;
	const payload = detachedPayload ?? sign1.payload;
	if (SPECIFIED.has(alg))
		return { alg, by: "frame", ...byFrame(sign1, key, payload) };
	try {
		await sign1.verify(key, detachedPayload ? { detachedPayload } : {});
		return { alg, by: "library", verdict: "valid", why: "" };
	} catch (error) {
		return { alg, by: "library", verdict: "invalid", why: String(error.message) };
	}
}

/* The digest is over the manifest as it is wrapped, the signature over the digest. */
async function suit(bytes, key) {
	const envelope = cbor.decode(bytes);
	const members = envelope.tag === 107 ? envelope.value : envelope;
	const [digest, ...blocks] = cbor.decode(members.get(2));
	const [alg, sum] = cbor.decode(digest);
	const wrapped = cbor.encode(members.get(3));
	const same = alg === -16 &&
		crypto.createHash("sha256").update(wrapped).digest().equals(Buffer.from(sum));
	if (!same)
		return { verdict: "invalid", alg: null, by: "library", why: "another digest" };
	let last = { verdict: "refused", alg: null, by: "library", why: "no signature" };
	for (const block of blocks) {
		last = await judge(block, key, digest);
		if (last.verdict === "valid")
			break;
	}
	return last;
}

async function answer(line) {
	const asked = JSON.parse(line);
	const bytes = Buffer.from(asked.bytes, "hex");
	try {
		const key = crypto.createPublicKey(asked.key);
		return await (asked.kind === "suit" ? suit(bytes, key) : judge(bytes, key));
	} catch (error) {
		return { verdict: "refused", alg: null, by: "library", why: String(error.message) };
	}
}

async function main() {
	for await (const line of readline.createInterface({ input: process.stdin }))
		console.log(JSON.stringify(await answer(line)));
}

main();
