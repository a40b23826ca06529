import type { Route } from "../../route/route.ts";
import { type RouteFinding, warning } from "./finding.ts";
import { BLOBS } from "./known-events.ts";
import { routeTypes } from "./route-types.ts";

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
