import { InvalidArgumentError } from "commander";

/** Reads a whole number of an option. */
export function readNumber(least: number, most: number): (text: string) => number {
	return (text) => {
		const number = Number(text);
		if (text.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
		throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
	};
}
