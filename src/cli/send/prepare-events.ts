import { isObject } from "../../event/json.ts";
import { createCatalogue, findType } from "../catalogue/catalogue.ts";
import { inEnvelope, type Schema } from "../catalogue/envelope.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { loadEvents } from "../routes/load-table.ts";
import { aboutBlob, readBlobUrl } from "./blob-event.ts";
import { readSetting, setMembers } from "./set-members.ts";

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
