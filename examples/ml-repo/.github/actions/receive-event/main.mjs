// Receives what grid-dispatch has sent: see action.yml. The payload is untrusted: nothing of it becomes a path, a
// command or an address that is not proved first.
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { storageToken } from "./azure-token.mjs";
import { checkAddress, download } from "./blob.mjs";
import { findEarlierRun } from "./earlier-run.mjs";
import { blobOf, eventsIn, factsOf, isObject, parseJson, readPayload, stringify } from "./payload.mjs";
import { command, input, quoted, Refused, wholeNumber, writeOutputs } from "./runner.mjs";

/** The bridge takes requests of 4 MiB. */
const MAX_LINE = 8 * 1024 * 1024;

async function receive(env) {
	const payload = readPayload(payloadText(env));
	const { ran, url, warning } = await findEarlierRun(env, {
		key: payload.key,
		token: input(env, "github-token"),
		hours: wholeNumber(env, "look-back-hours", 0),
		now: Date.now(),
	});
	if (warning !== undefined) command("warning", warning);
	const known = { "already-ran": ran, "earlier-run": url ?? "" };
	if (ran === "true") {
		command("notice", `There is nothing to do: the event ${payload.key} was worked on before, see ${url}`);
		writeOutputs(env, { ...known, ...factsOf(payload), "data-file": "", "manifest-file": "", count: "" });
		return;
	}
	const folder = mkdtempSync(join(env.RUNNER_TEMP, "receive-event-"));
	try {
		const files = await writeFiles(env, payload, folder);
		writeOutputs(env, { ...known, ...factsOf(payload), ...files });
	} catch (error) {
		rmSync(folder, { recursive: true, force: true });
		throw error;
	}
}

/** The input, or the member of the event's file that GitHub has written. */
function payloadText(env) {
	const given = input(env, "payload");
	if (given !== "") return given;
	const event = parseJson(readFileSync(env.GITHUB_EVENT_PATH, "utf8"), "the event's file");
	if (!isObject(event) || !isObject(event.client_payload)) {
		throw new Refused(
			"this run was not started by a repository_dispatch with a payload: give one in the input payload",
		);
	}
	return stringify(event.client_payload);
}

/** Writes `data.json` and `events.jsonl`; large data takes the place of its reference in the payload. */
async function writeFiles(env, payload, folder) {
	const dataFile = join(folder, "data.json");
	const manifestFile = join(folder, "events.jsonl");
	const blob = blobOf(payload);
	if (blob?.kind === "reference") {
		await fetchBlob(env, payload, blob, dataFile);
		payload.event.data = parseJson(readFileSync(dataFile, "utf8"), "the blob");
	} else {
		writeFileSync(dataFile, stringify(payload.event.data));
	}
	if (blob?.kind === "manifest") {
		await fetchBlob(env, payload, blob, manifestFile);
	} else {
		const lines = eventsIn(payload).map((event) => `${stringify(event)}\n`);
		writeFileSync(manifestFile, lines.join(""));
	}
	const count = await countEvents(manifestFile);
	checkCount(count, payload, blob);
	return { "data-file": dataFile, "manifest-file": manifestFile, count };
}

async function fetchBlob(env, { key }, blob, file) {
	const url = checkAddress(blob, key, env);
	const limits = { maxBytes: wholeNumber(env, "max-bytes", 1), ms: 1000 * wholeNumber(env, "timeout-seconds", 1) };
	await download(url, blob, file, await storageToken(env), limits);
}

/** A manifest that lacks a line, or has one too many, is not what the bridge told of. */
function checkCount(count, { event, isWindow }, blob) {
	if (!isWindow) return;
	for (const told of [event.data.count, blob?.count ?? count]) {
		if (told === count) continue;
		throw new Refused(
			`the payload tells of ${stringify(told) ?? "an unknown number of"} events, and ${count} are there`,
		);
	}
}

/** Counts the lines of a manifest, each of which is an event. */
async function countEvents(file) {
	let count = 0;
	for await (const line of linesOf(file)) {
		count += 1;
		const what = `line ${count} of the manifest`;
		if (!isObject(parseJson(line, what))) throw new Refused(`${what} is no event`);
	}
	return count;
}

/** Splits at line feeds alone: JSON may hold the other characters that `readline` takes for the end of a line. */
async function* linesOf(file) {
	let rest = "";
	for await (const text of createReadStream(file, "utf8")) {
		const lines = (rest + text).split("\n");
		rest = lines.pop();
		if (rest.length > MAX_LINE) throw new Refused("a line of the manifest is longer than any event");
		yield* lines;
	}
	if (rest !== "") yield rest;
}

try {
	await receive(process.env);
} catch (error) {
	const isRefused = error instanceof Refused;
	command("error", isRefused ? `Refused: ${error.message}` : `receive-event failed: ${quoted(String(error?.message))}`);
	process.exitCode = 1;
}
