import { toDispatchType } from "../../route/keys.ts";
import { CliError } from "../cli-error.ts";
import { meantType, TYPE_NAMES } from "../event-types.ts";

/**
 * The type that a text names: as published, by its dispatch type, or by its last part; in any case.
 * @throws CliError with what was probably meant
 */
export function findType(text: string): string {
	const wanted = text.trim().toLowerCase();
	const found = TYPE_NAMES.find((type) => namesOf(type).some((name) => name.toLowerCase() === wanted));
	if (found !== undefined) return found;
	const meant = meantType(text);
	const hint =
		meant === undefined
			? `there are ${TYPE_NAMES.map(shortName).join(", ")}; of another type, send a recorded event with --file`
			: `did you mean ${shortName(meant)}?`;
	throw new CliError(`there are no events of the type "${text}": ${hint}`, 2);
}

/** The last part of a type, such as `RunCompleted`. */
export function shortName(type: string): string {
	return type.split(".").at(-1) ?? type;
}

function namesOf(type: string): readonly string[] {
	return [type, toDispatchType(type), shortName(type)];
}
