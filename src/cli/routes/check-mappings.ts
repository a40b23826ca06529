import type { BridgeEvent } from "../../model.ts";
import { MAPPING_KEYS } from "../../route/mapping.ts";
import type { Route } from "../../route/route.ts";
import { routeTypes } from "../event-types.ts";
import { nearest } from "../nearest.ts";
import { destinationOf, mappingsOf } from "./check-destinations.ts";
import { destinations } from "./explain.ts";
import { cannotTell, error, type RouteFinding, warning } from "./findings.ts";
import { ENVELOPE, knownTypes, memberNamed, misplaced, neverThere, takesKnownTypes } from "./known-keys.ts";

/** What the data of a window's dispatch has. */
const SUMMARY = ["count", "firstTime", "lastTime", "totalBytes", "sample", "events", "manifest"];
/** A sound name of an extension attribute. Source: CloudEvents 1.0, "Naming conventions". */
const ATTRIBUTE = /^[a-z0-9]+$/i;

/** Keys of mappings that no event has, and whether what they make always fits. */
export function checkMappings(route: Route, place: string): RouteFinding[] {
	return mappingsOf(route).flatMap(([member, mapping]) => {
		const path = `${place}.to.${member}`;
		const keys = Object.entries(mapping).flatMap(([name, mapped]) => {
			if (typeof mapped === "string") return [{ path: `${path}.${name}`, key: mapped }];
			return "key" in mapped ? [{ path: `${path}.${name}.key`, key: mapped.key }] : [];
		});
		const checked = keys.map((one) => ({ ...one, findings: checkKey(one.key, one.path, route) }));
		const found = checked.filter(({ findings }) => findings.length === 0).map(({ key }) => key);
		return [...checked.flatMap(({ findings }) => findings), ...checkSize(found, path, route)];
	});
}

function checkKey(key: string, path: string, route: Route): RouteFinding[] {
	const [first = "", ...below] = key.split(".");
	const name = first.toLowerCase();
	if (isOwn(key)) return [];
	const left = "so the bridge sends its default, or nothing";
	if (name === "bridge") {
		const keys = MAPPING_KEYS.filter((own) => own.startsWith("bridge."));
		return [warning(path, `the key "${key}" does not exist, ${left}`, `write ${quoted(nearest(key, keys) ?? keys)}`)];
	}
	if (name === "event" || name === "extensions") {
		const problem = `"${first}" can only be mapped as a whole: the key "${key}" does not exist, ${left}`;
		return [warning(path, problem, `write "${below.join(".")}"`)];
	}
	if (name === "data" && below.length > 0 && route.coalesce !== undefined) {
		const where = "this route gathers events (coalesce), and the members of its dispatch's data are";
		return checkMember(key, path, where, SUMMARY);
	}
	const never = neverThere(key.split("."), route);
	if (never !== undefined) {
		const repair =
			below.length > 1 ? `write "${first}.${below[0]}", and read its members in the workflow` : never.repair;
		return [warning(path, `no event has "${key}", ${left}: ${never.why}`, repair)];
	}
	if (name === "data") {
		if (below.length === 0 || below[0] === "reference" || !takesKnownTypes(route)) return [];
		const members = [...new Set(knownTypes(route).flatMap((type) => type.members))];
		return checkMember(key, path, "the members of these events' data are", members);
	}
	return ENVELOPE.has(name) ? [] : checkAttribute(key, path, route);
}

function isOwn(key: string): boolean {
	return (MAPPING_KEYS as readonly string[]).includes(key.toLowerCase());
}

/** A member of the data, which has these members. */
function checkMember(key: string, path: string, where: string, members: readonly string[]): RouteFinding[] {
	const [, member = "", ...below] = key.split(".");
	if (members.some((one) => one.toLowerCase() === member.toLowerCase())) return [];
	const meant = nearest(member, members);
	const repair = meant === undefined ? "map one of these members" : `write "${["data", meant, ...below].join(".")}"`;
	return [warning(path, `"${key}" does not exist: ${where} ${members.join(", ")}`, repair)];
}

/** An extension attribute; or a text that was not meant for a key. */
function checkAttribute(key: string, path: string, route: Route): RouteFinding[] {
	const meant = memberNamed(key.split(".")[0] ?? "", knownTypes(route));
	if (meant !== undefined && route.coalesce === undefined) return [misplaced(key, meant, path)];
	const known = [...ENVELOPE, ...MAPPING_KEYS];
	const near = nearest(key.toLowerCase(), known);
	const gathered = route.coalesce !== undefined;
	if (near === undefined && !gathered && ATTRIBUTE.test(key) && !takesKnownTypes(route)) return [];
	const literal = `{ "value": ${JSON.stringify(key)} }`;
	const problem = `"${key}" would be an extension attribute of the envelope, but ${gathered ? "the dispatch of a window has none" : "no known event has it"}`;
	return [
		warning(
			path,
			problem,
			`write ${literal} to send this text${near === undefined ? "" : `, or write the key "${near}"`}`,
		),
	];
}

function quoted(names: string | readonly string[]): string {
	return [names]
		.flat()
		.map((name) => `"${name}"`)
		.join(", ");
}

/** Each character takes as many bytes as one can in JSON. */
const WIDEST = "\u0001";
const LONGEST_TIME = 64;

/**
 * Proves that a mapping fits, by building the largest request that the schemas of the route's types allow. Where a value
 * may have any length, it says that this cannot be proved.
 */
function checkSize(keys: readonly string[], path: string, route: Route): RouteFinding[] {
	// A window is summed up until it fits.
	if (route.coalesce !== undefined) return [];
	const [type = ""] = [...routeTypes(route).types].sort((one, other) => other.length - one.length);
	const facts = { version: "0".repeat(50), route: route.name, key: "0".repeat(32) };
	const built = destinations.build(destinationOf(route, type), largest(keys, type, route), facts);
	if (!built.ok && built.tooLarge) {
		return [error(path, `the mapped values can be too long: ${built.reason}`, "map fewer values")];
	}
	const open = [...new Set(keys.filter((key) => longest(key, route) === undefined))];
	if (open.length === 0) return [];
	const refers = open.some((key) => ["data", "event"].includes(key.toLowerCase()));
	const then = refers
		? "For a long value the bridge sends data by reference. It rejects an event whose request is still too large"
		: "The bridge rejects an event whose request is too large";
	const problem = `the command cannot prove that every event fits: ${quoted(open)} can have any length. ${then}`;
	return [cannotTell(path, problem, "if these values are short, there is nothing to do; otherwise map fewer of them")];
}

function largest(keys: readonly string[], type: string, route: Route): BridgeEvent {
	const members = keys.flatMap((key) => {
		const [first, member, ...below] = key.split(".");
		const length = longest(key, route);
		const isMember = first?.toLowerCase() === "data" && member !== undefined && below.length === 0;
		return isMember && length !== undefined ? [[member, WIDEST.repeat(length)] as const] : [];
	});
	const time = "0".repeat(LONGEST_TIME);
	return { id: "", type, source: "", subject: "", time, data: Object.fromEntries(members), attributes: {} };
}

/** The most characters that the value of a key has as a text; undefined where nothing bounds it. */
function longest(key: string, route: Route): number | undefined {
	const name = key.toLowerCase();
	if (name.startsWith("bridge.") && isOwn(name)) return 0;
	if (name === "time" || name === "eventtime") return LONGEST_TIME;
	if ((name === "type" || name === "eventtype") && routeTypes(route).named) return 0;
	const [first, member = "", ...below] = key.split(".");
	if (first?.toLowerCase() !== "data" || below.length > 0 || !takesKnownTypes(route)) return undefined;
	const lengths = knownTypes(route).map(({ members, memberSchemas }) => {
		const schema = memberSchemas[members.find((one) => one.toLowerCase() === member.toLowerCase()) ?? ""];
		if (schema?.type === "boolean") return "false".length;
		if (schema?.enum !== undefined) return Math.max(...schema.enum.map((value) => JSON.stringify(value).length));
		return schema?.maxLength;
	});
	return lengths.some((length) => length === undefined) ? undefined : Math.max(...(lengths as number[]));
}
