import { isLoopback } from "../../config/settings.ts";
import { decodedPath } from "../bridge-url.ts";
import { shortName } from "../catalogue/catalogue.ts";
import type { SampleEvent } from "../catalogue/envelope.ts";
import { CliError } from "../cli-error.ts";
import { eventType } from "../event-types.ts";

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
export function readBlobUrl(text: string): Blob {
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
export function aboutBlob(event: SampleEvent, { url, account, container, path }: Blob): SampleEvent {
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
