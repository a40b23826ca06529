import { isNumberText } from "../event/json.ts";
import { asNumber, type FilteredEvent, type ValueType } from "./filtered-event.ts";
import { OPERATORS, PRESENCE_OPERATORS } from "./operators.ts";
import { type KeyValue, keyReader } from "./read-key.ts";
import type { AdvancedFilter } from "./route.ts";

/** Says whether an event passes; made once, when the routes are read. */
export type Test = (event: FilteredEvent) => boolean;

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
		const values = valuesOf(found, operator.of, event, onArrays) as never[];
		const met = operands.some((operand) => values.some((value) => operator.meets(value, operand)));
		return met !== operator.negative;
	};
}

function isPresent(value: unknown): boolean {
	return value !== undefined && value !== null;
}

/** The values under a key that are of the operator's type; texts in lower case. */
function valuesOf(found: KeyValue, of: ValueType, event: FilteredEvent, onArrays: boolean): readonly unknown[] {
	if (Array.isArray(found.value)) return onArrays ? event.elements(found.value, of) : [];
	const value = of === "string" ? asText(found) : asNumber(found.value);
	if (typeof value !== of) return [];
	return [typeof value === "string" ? event.lower(value) : value];
}

function lowerCase(value: unknown): unknown {
	return typeof value === "string" ? value.toLowerCase() : value;
}

/**
 * Event Grid's page filters a numeric extension attribute with a string operator, against its own rule that values of
 * another type are ignored. Context attributes have a canonical text in CloudEvents, so there, and only there, a
 * string operator reads a number as its text.
 */
function asText({ value, extension }: KeyValue): unknown {
	return extension && (typeof value === "number" || isNumberText(value)) ? String(value) : value;
}
