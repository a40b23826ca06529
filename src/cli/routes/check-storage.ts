import type { AdvancedFilter, Route } from "../../route/route.ts";
import { routeTypes } from "../event-types.ts";
import { BLOBS } from "./check-subject.ts";
import { type RouteFinding, warning } from "./findings.ts";
import { passes } from "./proofs.ts";

/** What a training run raises itself when it writes logs, outputs or models into a storage account, and tidies up after itself. */
const OF_A_RUN = /^Microsoft\.Storage\.(?:Blob|Directory)(?:Created|Renamed|Deleted)$/i;
const SUBJECT_OPERATORS = new Set(["StringBeginsWith", "StringIn", "StringContains"]);

/** A storage route that names no container would be started by the output of the run that it starts. */
export function checkContainer(route: Route, place: string): RouteFinding[] {
	const { types, named } = routeTypes(route);
	if (!types.some((type) => OF_A_RUN.test(type)) || namesContainer(route)) return [];
	const path = named ? `${place}.filter` : place;
	const problem =
		"it takes what happens in any container: what a training run writes or deletes in the same account would start the next run";
	const repair = `name the container that data comes to, "subjectBeginsWith": "${BLOBS}CONTAINER/", and keep the run's output out of it (docs/loops.md)`;
	return [warning(path, problem, repair)];
}

function namesContainer({ filter }: Route): boolean {
	const begin = (filter?.subjectBeginsWith ?? "").toLowerCase();
	if (begin.startsWith(BLOBS.toLowerCase()) && begin.length > BLOBS.length) return true;
	// Such as experiments/: no subject of storage begins so.
	if (begin !== "" && !BLOBS.toLowerCase().startsWith(begin)) return true;
	return (filter?.advancedFilters ?? []).some(
		({ key, operatorType }) => SUBJECT_OPERATORS.has(operatorType) && /^(?:subject|data\.(?:url|bloburl))$/i.test(key),
	);
}

/** Files that only say that something is complete; they are usually empty. */
const MARKER = /(?:^|[/_.])(?:_?success|done|ready|complete|completed|finished|trigger|marker|flag|ok)$/i;

/**
 * An empty file of a Data Lake account is created and never flushed, so that no second event follows its CreateFile. A
 * route that waits for one would never take it.
 * Source: learn.microsoft.com, "Azure Blob Storage as an Event Grid source".
 */
export function checkEmptyFiles(route: Route, place: string): RouteFinding[] {
	const { filter, onlyCompletedWrites } = route;
	const takesUploads = routeTypes(route).types.some((type) => /^Microsoft\.Storage\.BlobCreated$/i.test(type));
	if (onlyCompletedWrites === false || !takesUploads) return [];
	const repair = 'if such files are empty, say "onlyCompletedWrites": false, which takes the event that creates them';
	const end = filter?.subjectEndsWith ?? "";
	const marker = (member: string, name: string) =>
		warning(
			`${place}.filter.${member}`,
			`"${name}" looks like the name of an empty file: in a Data Lake account such a file raises one event, CreateFile, which onlyCompletedWrites does not count`,
			repair,
		);
	return [
		...(MARKER.test(end) ? [marker("subjectEndsWith", end)] : []),
		...(filter?.advancedFilters ?? []).flatMap((advanced, index) => {
			const member = `advancedFilters[${index}]`;
			const { key, operatorType, values = [] } = advanced;
			const name = values.map(String).find((value) => MARKER.test(value));
			if (/^(?:subject|data\.(?:url|bloburl))$/i.test(key) && /^String(?:EndsWith|In)$/.test(operatorType)) {
				return name === undefined ? [] : [marker(member, name)];
			}
			if (key.toLowerCase() !== "data.contentlength" || !takesZeroOnly(advanced)) return [];
			const problem =
				"it takes empty files only: in a Data Lake account such a file raises one event, CreateFile, which onlyCompletedWrites does not count";
			return [warning(`${place}.filter.${member}`, problem, repair)];
		}),
	];
}

/** Whether a condition on a size holds for 0 and for no larger size. */
function takesZeroOnly(filter: AdvancedFilter): boolean {
	return passes(filter, 0) && ![undefined, 1, 1e12].some((size) => passes(filter, size));
}

/** Gathering that cannot do what it seems to say. The bounds themselves are the bridge's own rules. */
export function checkCoalesce(route: Route, place: string): RouteFinding[] {
	const { coalesce } = route;
	if (coalesce === undefined) return [];
	const findings: RouteFinding[] = [];
	if (coalesce.quietSeconds === coalesce.maxSeconds) {
		const problem = `quietSeconds is maxSeconds: every window stays open for ${coalesce.maxSeconds} seconds, however quiet it is`;
		findings.push(
			warning(`${place}.coalesce.quietSeconds`, problem, "make quietSeconds smaller, such as a tenth of maxSeconds"),
		);
	}
	const { types, named } = routeTypes(route);
	const blobless = named && !types.some((type) => type.startsWith("Microsoft.Storage."));
	if (coalesce.by === "container" && blobless) {
		const problem = "the subjects of these types name no container: all events of a source are gathered together";
		findings.push(warning(`${place}.coalesce.by`, problem, 'write "source", which says so'));
	}
	return findings;
}
