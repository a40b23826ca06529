import type { Route } from "../../route/route.ts";
import { checkKeys } from "./check-keys.ts";
import { type Constraint, constraintsOf } from "./constraint.ts";
import { contradiction } from "./contradiction.ts";
import { error, type RouteFinding } from "./finding.ts";

/** Advanced filters that no event can fulfil together, and keys that no event has. */
export function checkFilters(route: Route, place: string): RouteFinding[] {
	const constraints = constraintsOf(route);
	const onArrays = route.filter?.enableAdvancedFilteringOnArrays === true;
	const keys = [...new Set(constraints.map(({ key }) => key))];
	const contradictions = keys.flatMap((key) => {
		const together = constraints.filter((one) => one.key === key);
		const why = contradiction(together, onArrays);
		return why === undefined ? [] : [clash(key, together, why, place)];
	});
	return [...contradictions, ...checkKeys(route, place)];
}

function clash(key: string, together: readonly Constraint[], why: string, place: string): RouteFinding {
	const members = together.map(({ member }) => member);
	const path = `${place}.${members.find((member) => member.includes("advanced")) ?? members[0]}`;
	const asked = together.map(({ operator, operands, member }) =>
		member === "onlyCompletedWrites"
			? "onlyCompletedWrites"
			: `${operator}${operands.length > 0 ? ` ${JSON.stringify(operands)}` : ""}`,
	);
	const repair = members.includes("onlyCompletedWrites")
		? 'say "onlyCompletedWrites": false, or ask for the operation that completes the upload'
		: "correct one of them, or make two routes of it";
	return error(path, `no event can match: ${key} is asked to be ${asked.join(" and ")}, but ${why}`, repair);
}
