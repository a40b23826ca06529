import { Option } from "commander";
import { RECEIPT_STATES } from "../functions/receipts.ts";

/** The option that narrows to a state. */
export function stateOption(states: readonly string[] = RECEIPT_STATES): Option {
	return new Option("--state <state>", "only receipts in this state").choices(states);
}
