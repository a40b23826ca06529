import { isObject } from "../../event/json.ts";
import { createCatalogue } from "../catalogue/catalogue.ts";
import { inEnvelope } from "../catalogue/envelope.ts";
import { findType } from "../catalogue/find-type.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { loadEvents } from "../routes/load-table.ts";
import type { SendFlags } from "./send-flags.ts";
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
		const recorded = loadEvents(flags.file);
		if (recorded.length === 0) throw new CliError(`${flags.file} holds no event`);
		// One that was recorded has its identity; more of it are the same event once more.
		const length = Math.max(recorded.length, flags.count);
		return Array.from({ length }, (_, index) => change(recorded[index % recorded.length]));
	}
	const found = findType(type ?? "");
	const catalogue = createCatalogue(seed, io.now);
	return Array.from({ length: flags.count }, () => change(inEnvelope(catalogue.next(found), flags.schema)));
}
