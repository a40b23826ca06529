import type { BridgeEvent } from "../event/bridge-event.ts";
import { OPERATORS, PRESENCE_OPERATORS } from "./operators.ts";
import { type KeyValue, keyReader } from "./read-key.ts";
import type { AdvancedFilter } from "./route.ts";

/** Says whether an event passes; made once, when the routes are read. */
export type Test = (event: BridgeEvent) => boolean;

/**
 * One advanced filter of an Event Grid subscription as a test.
 * @param onArrays `enableAdvancedFilteringOnArrays`: look into an array under the key; otherwise it counts as a value
 * of another type
 */
export function advancedFilter(filter: AdvancedFilter, onArrays: boolean): Test {
	const read = keyReader(filter.key);
	const presence = PRESENCE_OPERATORS[filter.operatorType];
	if (presence !== undefined) return (event) => isPresent(read(event).value) === presence.present;

	const operator = OPERATORS[filter.operatorType];
	if (operator === undefined) throw new TypeError(`no operator ${filter.operatorType}`);
	const operands = (filter.values ?? [filter.value]).map(lowerCase) as never[];

	return (event) => {
		const found = read(event);
		if (!isPresent(found.value)) return operator.whenMissing;
		const candidates = Array.isArray(found.value) ? (onArrays ? found.value : []) : [asText(found, operator.of)];
		const values = candidates.filter((value) => typeof value === operator.of).map(lowerCase) as never[];
		const met = operands.some((operand) => values.some((value) => operator.meets(value, operand)));
		return met !== operator.negative;
	};
}

function isPresent(value: unknown): boolean {
	return value !== undefined && value !== null;
}

function lowerCase(value: unknown): unknown {
	return typeof value === "string" ? value.toLowerCase() : value;
}

/**
 * Event Grid's page filters a numeric extension attribute with a string operator, against its own rule that values of
 * another type are ignored. Context attributes have a canonical text in CloudEvents, so there, and only there, a
 * string operator reads a number as its text.
 */
function asText({ value, extension }: KeyValue, of: string): unknown {
	return extension && of === "string" && typeof value === "number" ? String(value) : value;
}
