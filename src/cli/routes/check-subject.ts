import type { AdvancedFilter, Route } from "../../route/route.ts";
import { eventType, routeTypes } from "../event-types.ts";
import { nearest } from "../nearest.ts";
import { error, type RouteFinding, warning } from "./findings.ts";
import { asked, demandsOf, passes } from "./proofs.ts";

/** How the subjects of blobs and directories begin; the container follows. */
export const BLOBS = "/blobServices/default/containers/";

/** Whether the subjects that a route asks for can be there, given the types that it takes. */
export function checkSubject(route: Route, place: string): RouteFinding[] {
	const { subjectBeginsWith, subjectEndsWith } = route.filter ?? {};
	const begin = subjectBeginsWith ?? "";
	const end = subjectEndsWith ?? "";
	const wrong = begin === "" ? [] : checkBegin(route, begin, `${place}.filter.subjectBeginsWith`);
	// What no type can have needs no second repair.
	const impossible = wrong.some(({ verdict }) => verdict === "error");
	return [
		...wrong,
		...(impossible ? [] : checkContainers(route, place)),
		...checkEnd(end, `${place}.filter.subjectEndsWith`),
	];
}

/**
 * Where the container of a subject is followed by something else than `/blobs/`, so that no blob and no directory can
 * have it; answers what may be meant.
 * Source: learn.microsoft.com, "Azure Blob Storage as an Event Grid source".
 */
function withBlobs(begin: string): string | undefined {
	if (!begin.toLowerCase().startsWith(BLOBS.toLowerCase())) return undefined;
	const [container = "", ...path] = begin.slice(BLOBS.length).split("/");
	const below = path.join("/");
	if (path.length === 0 || meet("blobs/", below.toLowerCase())) return undefined;
	return `${begin.slice(0, BLOBS.length)}${container}/blobs/${below}`;
}

function checkContainers(route: Route, place: string): RouteFinding[] {
	// A topic of one's own could raise it.
	const known = routeTypes(route).types.every((type) => eventType(type) !== undefined);
	return asked(route, /^subject$/, ["beginning", "whole"]).flatMap(({ filter: { values = [] }, member }) => {
		const wrong = values.flatMap((value) => {
			const meant = withBlobs(String(value));
			return meant === undefined ? [] : [{ value, meant }];
		});
		const verdict = known && wrong.length === values.length ? error : warning;
		const path = `${place}.${member}${member.includes("advanced") ? ".values" : ""}`;
		return wrong.map(({ value, meant }) =>
			verdict(path, `no subject begins with "${value}": "blobs/" must follow the container's name`, `write "${meant}"`),
		);
	});
}

function checkBegin(route: Route, begin: string, path: string): RouteFinding[] {
	const cased = (text: string) => (route.filter?.isSubjectCaseSensitive === true ? text : text.toLowerCase());
	const { types } = routeTypes(route);
	const possible = types.filter(
		(type) => eventType(type)?.subjectStarts.some((start) => meet(cased(start), cased(begin))) ?? true,
	);
	if (possible.length === 0) {
		const shown = [...new Set(types.flatMap((type) => eventType(type)?.subjectStarts ?? []))];
		return [error(path, `no subject of ${shortened(types)} begins with "${begin}"`, repairBegin(begin, shown))];
	}
	const dropped = types.filter((type) => !possible.includes(type));
	const findings: RouteFinding[] = [];
	if (dropped.length > 0 && routeTypes(route).named) {
		const what = `no subject of ${shortened(dropped)} begins with "${begin}"; only the other types of this route can match`;
		findings.push(warning(path, what, "remove these types, or put them into a route of their own"));
	}
	const container = begin.toLowerCase().startsWith(BLOBS.toLowerCase()) ? begin.slice(BLOBS.length) : "";
	if (container.split("/")[0]?.includes("*") === true) {
		findings.push(
			error(
				path,
				"subjects have no wildcards, and no container has a star in its name",
				"write the name of one container",
			),
		);
	} else if (container !== "" && !container.includes("/")) {
		const what = `"${begin}" also matches other containers whose names begin with "${container}"`;
		findings.push(warning(path, what, `end it with a slash: "${begin}/"`));
	}
	return findings;
}

function checkEnd(end: string, path: string): RouteFinding[] {
	if (!end.startsWith("*")) return [];
	const what = `"${end}" matches only subjects that contain a star: subjects have no wildcards`;
	return [warning(path, what, `write "${end.replace(/^\*+/, "")}"`)];
}

/** One may be the beginning of the other. */
function meet(one: string, other: string): boolean {
	return one.startsWith(other) || other.startsWith(one);
}

function repairBegin(begin: string, starts: readonly string[]): string {
	const one = starts[0] ?? "";
	const candidates = starts.filter((start) => meet(start.toLowerCase(), `/${begin}`.toLowerCase()));
	if (candidates.length > 0) return `begin it with a slash: "/${begin}"`;
	const cased = starts.find((start) => meet(start.toLowerCase(), begin.toLowerCase()));
	if (cased !== undefined) return `write "${cased}${begin.slice(cased.length)}", or leave isSubjectCaseSensitive out`;
	if (/^[a-z0-9-]+\/?$/.test(begin) && one === BLOBS)
		return `write the container's full path: "${BLOBS}${begin.replace(/\/?$/, "/")}"`;
	const meant = nearest(begin.slice(0, one.length), starts);
	return meant === undefined
		? `such subjects begin with ${starts.map((start) => `"${start}"`).join(" or ")}`
		: `write "${meant}${begin.slice(meant.length)}"`;
}

function shortened(types: readonly string[]): string {
	return types.length > 3 ? `these ${types.length} types` : types.join(", ");
}

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
