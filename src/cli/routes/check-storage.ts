import type { AdvancedFilter, Route } from "../../route/route.ts";
import { routeTypes } from "../event-types.ts";
import { BLOBS } from "./check-subject.ts";
import { asked, demandsOf } from "./demands.ts";
import { type RouteFinding, warning } from "./findings.ts";
import { passes } from "./proofs.ts";

/** What a training run raises itself when it writes logs, outputs or models into a storage account, and removes what it needs no more. */
const OF_A_RUN = /^Microsoft\.Storage\.(?:Blob|Directory)(?:Created|Renamed|Deleted)$/i;

/** A storage route that names no container would be started by the output of the run that it starts. */
export function checkContainer(route: Route, place: string): RouteFinding[] {
	const { types, named } = routeTypes(route);
	if (!types.some((type) => OF_A_RUN.test(type)) || namesContainer(route)) return [];
	const path = named ? `${place}.filter` : place;
	const problem =
		"it matches events of every container: if a training run writes or deletes blobs in the same account, that starts the next run";
	const repair = `name the container that receives your data, "subjectBeginsWith": "${BLOBS}CONTAINER/", and let runs write their output to another container (docs/loops.md)`;
	return [warning(path, problem, repair)];
}

function namesContainer(route: Route): boolean {
	const begin = (route.filter?.subjectBeginsWith ?? "").toLowerCase();
	if (begin.startsWith(BLOBS.toLowerCase()) && begin.length > BLOBS.length) return true;
	// Such as experiments/: no subject of storage begins so.
	if (begin !== "" && !BLOBS.toLowerCase().startsWith(begin)) return true;
	return asked(route, NAMES, ["beginning", "part", "whole"]).some(({ member }) => member.includes("advanced"));
}

/** Keys that name the blob. */
const NAMES = /^(?:subject|data\.(?:url|bloburl))$/;
/** Files that only say that something is complete; they are usually empty. */
const MARKER = /(?:^|[/_.])(?:_?success|done|ready|complete|completed|finished|trigger|marker|flag|ok)$/i;

/**
 * An empty file of a Data Lake account is created and never flushed, so that no second event follows its CreateFile. A
 * route that waits for one would never take it.
 * Source: learn.microsoft.com, "Azure Blob Storage as an Event Grid source".
 */
export function checkEmptyFiles(route: Route, place: string): RouteFinding[] {
	const takesUploads = routeTypes(route).types.includes("Microsoft.Storage.BlobCreated");
	if (route.onlyCompletedWrites === false || !takesUploads) return [];
	const repair =
		'if these files are empty, write "onlyCompletedWrites": false: the route then matches the event that creates them';
	const rest =
		"in a Data Lake account an empty file raises only the event CreateFile, which onlyCompletedWrites ignores";
	const markers = asked(route, NAMES, ["end", "whole"]).flatMap(({ filter, member }) => {
		const name = filter.values?.map(String).find((value) => MARKER.test(value));
		const problem = `"${name}" looks like the name of an empty file: ${rest}`;
		return name === undefined ? [] : [warning(`${place}.${member}`, problem, repair)];
	});
	const empty = demandsOf(route)
		.filter(({ filter }) => filter.key === "data.contentlength" && takesZeroOnly(filter))
		.map(({ member }) => warning(`${place}.${member}`, `it matches only empty files: ${rest}`, repair));
	return [...markers, ...empty];
}

/** Whether a condition on a size holds for 0 and for no larger size. */
function takesZeroOnly(filter: AdvancedFilter): boolean {
	return passes(filter, 0) && ![undefined, 1, 1e12].some((size) => passes(filter, size));
}
