// A blob that a payload refers to: whether its address may see the token, and whether it is what the bridge wrote.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { causeOf, isLoopback, safeUrl } from "./http.mjs";
import { input, quoted, Refused } from "./runner.mjs";

const API_VERSION = "2021-08-06";
const PAUSES_MS = [1_000, 3_000];

/** What another request may succeed after: the network's fault or the service's own. */
class Transient extends Error {}

/**
 * The hosts of the input `allowed-hosts`. The name of an account stands for its host in Azure's public cloud alone: in
 * another cloud the name may belong to another owner.
 */
function readHosts(text) {
	return text
		.toLowerCase()
		.split(/[\s,]+/)
		.filter((entry) => entry !== "")
		.map((entry) => {
			if (/^[a-z0-9]{3,24}$/.test(entry)) return `${entry}.blob.core.windows.net`;
			if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d+)?$/.test(entry)) return entry;
			throw new Refused(`allowed-hosts has ${quoted(entry)}: give a storage account or a whole host name`);
		});
}

/**
 * The address of a blob, proved before any token exists: an allowed host, the bridge's container, and the name that the
 * bridge gives to the blob of this very key. So a payload cannot point at the blob of another event, either.
 * @param env the inputs `allowed-hosts` and `container`
 */
export function checkAddress({ kind, url: text }, key, env) {
	const hosts = readHosts(input(env, "allowed-hosts"));
	const container = input(env, "container");
	const what = `data.${kind}.url`;
	const url = safeUrl(text, what, env);
	if (url.href !== text) throw new Refused(`${what} is not written in its normal form: ${quoted(text)}`);
	if (hosts.length === 0) {
		throw new Refused(
			`${what} is at ${quoted(url.host)}. Name the storage account of your bridge in the input allowed-hosts if it is that`,
		);
	}
	if (!hosts.includes(url.host)) throw new Refused(`${what} is at ${quoted(url.host)}, which is not in allowed-hosts`);
	if (!/^[a-z0-9-]+$/.test(container)) throw new Refused(`the input container is no name of one: ${quoted(container)}`);
	const name = kind === "manifest" ? `manifests/${key}\\.jsonl` : `payloads/${key}-[0-9a-f]+\\.json`;
	// An emulator on this machine has the account's name in the path.
	const account = isLoopback(url) ? "(?:/[a-z0-9]+)?" : "";
	const isOurs =
		new RegExp(`^${account}/${container}/${name}$`).test(url.pathname) && url.search === "" && url.hash === "";
	if (!isOurs)
		throw new Refused(`${what} names no ${kind} of this event in the container ${container}: ${quoted(text)}`);
	return url;
}

/**
 * Fetches a blob into a new file, and proves its size and its hash while it comes.
 * @param limits `maxBytes`, and `ms` for all attempts together
 * @throws Refused; the file may hold a part then
 */
export async function download(url, { bytes, sha256 }, file, token, limits) {
	if (bytes > limits.maxBytes) {
		throw new Refused(`the blob has ${bytes} bytes, and max-bytes allows ${limits.maxBytes}`);
	}
	const signal = AbortSignal.timeout(limits.ms);
	for (let attempt = 0; ; attempt++) {
		try {
			return await fetchOnce(url, { bytes, sha256 }, file, token, signal);
		} catch (error) {
			if (signal.aborted) throw new Refused(`the blob was not there after ${limits.ms / 1000} s`);
			if (!(error instanceof Transient)) throw error;
			if (PAUSES_MS[attempt] === undefined) throw new Refused(`the blob cannot be fetched: ${error.message}`);
			await pause(PAUSES_MS[attempt]);
		}
	}
}

async function fetchOnce(url, { bytes, sha256 }, file, token, signal) {
	const headers = { authorization: `Bearer ${token}`, "x-ms-version": API_VERSION, "accept-encoding": "identity" };
	const response = await fetch(url, { headers, redirect: "manual", signal }).catch((error) => {
		throw new Transient(causeOf(error));
	});
	try {
		checkAnswer(response, bytes);
		await save(response.body ?? [], { bytes, sha256 }, file);
	} finally {
		// What is left of an answer is not waited for.
		await response.body?.cancel().catch(() => {});
	}
}

function checkAnswer({ status, headers }, bytes) {
	if (status >= 500 || status === 429) throw new Transient(`the storage account answers ${status}`);
	if (status >= 300 && status < 400)
		throw new Refused(`the storage account answers ${status}: a redirect is not followed`);
	if (status === 401 || status === 403) {
		throw new Refused(
			`the storage account answers ${status}: give the identity the role Storage Blob Data Reader on the container`,
		);
	}
	if (status === 404) throw new Refused("the blob is gone (404): the bridge keeps it for KEEP_DAYS");
	if (status !== 200) throw new Refused(`the storage account answers ${status}`);
	// A few compressed bytes could become any number of them.
	const encoding = headers.get("content-encoding");
	if (encoding !== null) throw new Refused(`the blob is encoded as ${quoted(encoding)}, which the bridge never does`);
	const length = headers.get("content-length");
	if (length !== null && Number(length) !== bytes) throw wrongSize(bytes);
}

async function save(body, { bytes, sha256 }, file) {
	const hash = createHash("sha256");
	let size = 0;
	const handle = await open(file, "w", 0o600);
	try {
		for await (const chunk of chunksOf(body)) {
			size += chunk.length;
			if (size > bytes) throw wrongSize(bytes);
			hash.update(chunk);
			await handle.writeFile(chunk);
		}
	} finally {
		await handle.close();
	}
	if (size !== bytes) throw wrongSize(bytes);
	if (hash.digest("hex") !== sha256)
		throw new Refused("the blob is not what the bridge wrote: its SHA-256 is another one");
}

/** A connection that breaks is the network's fault. */
async function* chunksOf(body) {
	try {
		yield* body;
	} catch (error) {
		throw new Transient(causeOf(error));
	}
}

function wrongSize(bytes) {
	return new Refused(`the blob is not what the bridge wrote: its size is not ${bytes} bytes`);
}
