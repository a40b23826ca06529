import { isLoopback } from "../../config/settings.ts";
import { isObject, readJson, writeJson } from "../../event/json.ts";
import { decodedPath } from "../bridge-url.ts";
import { createCatalogue, findType, shortName } from "../catalogue/catalogue.ts";
import { inEnvelope, type SampleEvent, type Schema } from "../catalogue/envelope.ts";
import { CliError } from "../cli-error.ts";
import { eventType } from "../event-types.ts";
import type { Io } from "../io.ts";
import { loadEvents } from "../read-file.ts";

/** The events to send, in their envelopes: of the catalogue, or recorded ones, over and over until there are enough. */
export function prepareEvents(
	type: string | undefined,
	flags: SendFlags,
	seed: number,
	io: Pick<Io, "now">,
): readonly unknown[] {
	const settings = (flags.set ?? []).map(readSetting);
	const change = (element: unknown) =>
		isObject(element) && settings.length > 0 ? setMembers(element, settings) : element;
	if (flags.file !== undefined) {
		const recorded = loadEvents(flags.file, "--file");
		if (recorded.length === 0)
			throw new CliError(`--file: ${flags.file} contains no event; give a file with at least one event`);
		// One that was recorded has its identity; more of it are the same event once more.
		const length = Math.max(recorded.length, flags.count);
		return Array.from({ length }, (_, index) => change(recorded[index % recorded.length]));
	}
	const blob = flags.blob === undefined ? undefined : readBlobUrl(flags.blob);
	const found = findType(type ?? "BlobCreated");
	const catalogue = createCatalogue(seed, io.now);
	const next = () => (blob === undefined ? catalogue.next(found) : aboutBlob(catalogue.next(found), blob));
	return Array.from({ length: flags.count }, () => change(inEnvelope(next(), flags.schema)));
}

/** The options of `grid-dispatch send`, as they were given. */
export interface SendFlags {
	readonly schema: Schema;
	readonly count: number;
	readonly burst: number;
	readonly duplicates: number;
	readonly batch: number;
	readonly set?: readonly string[];
	readonly seed?: number;
	readonly file?: string;
	/** The address of a blob. */
	readonly blob?: string;
	readonly print?: boolean;
	readonly url?: string;
	readonly to?: string;
	readonly trigger?: boolean;
	readonly topic?: string;
	readonly handshake?: true;
	readonly key?: string;
	readonly json?: boolean;
}

/** A blob, as its address names it. */
export interface Blob {
	/** Without a query: it may hold a signature, and Event Grid sends none. */
	readonly url: string;
	readonly account: string;
	readonly container: string;
	/** As subjects write it: not percent-encoded. */
	readonly path: string;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
	csv: "text/csv",
	json: "application/json",
	txt: "text/plain",
	png: "image/png",
	jpg: "image/jpeg",
};
const BLOBS = "/blobServices/default/containers/";

/**
 * Reads the address of a blob: `https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH`, the same of Data Lake (`dfs`), or
 * that of an emulator, which has the account in its path.
 * @throws CliError
 */
function readBlobUrl(text: string): Blob {
	const form = "such as https://contosodata.blob.core.windows.net/training/a.csv";
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url === undefined || !/^https?:$/.test(url.protocol)) {
		throw new CliError(`--blob must be the address of a blob, ${form}, not "${text}"`, 2);
	}
	const parts = url.pathname.split("/").slice(1);
	const account = isLoopback(url) ? parts.shift() : url.hostname.split(".")[0];
	const [container, ...path] = parts;
	if (!account || !container || path.join("/") === "") {
		throw new CliError(
			`--blob: "${url.origin}${url.pathname}" is not the address of a blob: it must have a container and a path, ${form}`,
			2,
		);
	}
	return { url: `${url.origin}${url.pathname}`, account, container, path: decodedPath(path.join("/")) };
}

/**
 * The event as if it had happened to that blob.
 * @throws CliError for a type that is not about one blob with an address
 */
function aboutBlob(event: SampleEvent, { url, account, container, path }: Blob): SampleEvent {
	const { type, source, data } = event;
	if (!eventType(type)?.subjectStarts.includes(BLOBS) || typeof data["url"] !== "string") {
		throw new CliError(
			`--blob works only with an event of one blob, such as BlobCreated or BlobDeleted, not with ${shortName(type)}`,
			2,
		);
	}
	const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
	const contentType = CONTENT_TYPES[ending] ?? "application/octet-stream";
	return {
		...event,
		source: source.replace(/[^/]+$/, account),
		subject: `${BLOBS}${container}/blobs/${path}`,
		data: {
			...data,
			...("contentType" in data ? { contentType } : {}),
			...(type.endsWith(".BlobCreated") ? writtenBy(new URL(url)) : {}),
			url,
		},
	};
}

/** Only Data Lake flushes: its last call says that a file is complete. */
function writtenBy({ hostname }: URL): Readonly<Record<string, string>> {
	return { api: /\.dfs\./.test(hostname) ? "FlushWithClose" : "PutBlob" };
}

/** A member of an event that is to have another value: `data.runId=train-7`. */
export interface Setting {
	readonly path: readonly string[];
	readonly value: unknown;
}

/** Members of the Event Grid schema under CloudEvents' names, which are taken for both. */
const IN_EVENT_GRID_SCHEMA: ReadonlyMap<string, string> = new Map([
	["source", "topic"],
	["type", "eventType"],
	["time", "eventTime"],
]);

/**
 * Reads `path=value`. A value that is JSON is what it says (`3`, `true`, `null`, `{"a":1}`); any other is a text.
 * @throws CliError
 */
export function readSetting(text: string): Setting {
	const [, path = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
	const names = path.split(".");
	if (path === "" || names.some((name) => name === "")) {
		throw new CliError(`--set must have the form path=value, such as data.runId=train-7, not "${text}"`, 2);
	}
	return { path: names, value: parsed(value) };
}

/** A copy of an event in its envelope with these members set; what is missing on their way is made. */
export function setMembers(
	element: Readonly<Record<string, unknown>>,
	settings: readonly Setting[],
): Record<string, unknown> {
	const copy = readJson(writeJson(element)) as Record<string, unknown>;
	for (const { path, value } of settings) {
		const [first = "", ...below] = path;
		const alias = "eventType" in copy ? IN_EVENT_GRID_SCHEMA.get(first) : undefined;
		const before = put(copy, [alias ?? first, ...below], value);
		const namesSubject = settings.some((other) => other.path[0] === "subject");
		if (first === "data" && !namesSubject) follow(copy, before, value);
	}
	return copy;
}

/** The subject goes along with the fact that it names, such as the run's id. */
function follow(event: Record<string, unknown>, before: unknown, after: unknown): void {
	const { subject } = event;
	if (typeof subject !== "string" || typeof before !== "string" || typeof after !== "string") return;
	event["subject"] = subject
		.split("/")
		.map((part) => (part === before ? after : part))
		.join("/");
}

/** @returns what stood there before */
function put(target: Record<string, unknown>, path: readonly string[], value: unknown): unknown {
	const [name = "", ...below] = path;
	const there = Object.hasOwn(target, name) ? target[name] : undefined;
	if (below.length > 0) {
		const next = isObject(there) ? there : {};
		define(target, name, next);
		return put(next, below, value);
	}
	define(target, name, value);
	return there;
}

/** So that `__proto__` is a name like any other. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
	Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function parsed(text: string): unknown {
	try {
		return readJson(text);
	} catch {
		return text;
	}
}
