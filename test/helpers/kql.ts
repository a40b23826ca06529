/** The part of KQL that decides whether a query selects a log line: `extend` and `where` after `traces`. */

type Row = Readonly<Record<string, unknown>>;
type Evaluate = (row: Row) => unknown;

const TOKEN = /"(?:[^"\\]|\\.)*"|==|!=|[\w.]+(?:\["\w+"\])?|\S/g;

const text = (value: unknown) => (value === undefined || value === null ? "" : String(value));

const FUNCTIONS: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
	parse_json: (value) => JSON.parse(text(value)) as unknown,
	tostring: text,
	tolong: (value) => (text(value) === "" ? undefined : Number(value)),
	isempty: (value) => text(value) === "",
	iff: (condition, one, other) => (condition === true ? one : other),
	strcat: (...args) => args.map(text).join(""),
};

const OPERATORS: Readonly<Record<string, (one: unknown, other: unknown) => unknown>> = {
	"==": (one, other) => one === other,
	"!=": (one, other) => one !== other,
	">": (one, other) => Number(one) > Number(other),
	has: (one, other) => new RegExp(`\\b${text(other)}\\b`, "i").test(text(one)),
};

/** The steps of a query that follow `traces`, each with its verb. */
export function stepsOf(query: string): readonly (readonly [verb: string, rest: string])[] {
	const code = query.replaceAll(/^\s*\/\/.*$/gm, "");
	const [, after = ""] = code.split(/\btraces\b/);
	return after
		.split(/^\s*\| /m)
		.slice(1)
		.map((step) => step.trim())
		.map((step) => [step.split(" ", 1)[0] ?? "", step.slice(step.indexOf(" ") + 1)] as const);
}

/** @param message a log line as it was written */
export function isSelected(query: string, message: string): boolean {
	let row: Row = { message };
	for (const [verb, rest] of stepsOf(query)) {
		if (verb !== "extend" && verb !== "where") return true;
		const parse = parser(rest);
		if (verb === "where") {
			if (parse.expression()(row) !== true) return false;
		} else {
			do {
				const name = parse.next();
				parse.next();
				row = { ...row, [name]: parse.expression()(row) };
			} while (parse.takes(","));
		}
	}
	return true;
}

function parser(source: string) {
	const tokens: string[] = source.match(TOKEN) ?? [];
	const next = () => {
		const [first] = tokens.splice(0, 1);
		if (first === undefined) throw new Error(`it ends too soon: ${source}`);
		return first;
	};
	const takes = (token: string) => tokens[0] === token && next() !== "";

	function joined(word: string, part: () => Evaluate, how: "some" | "every"): Evaluate {
		const parts = [part()];
		while (takes(word)) parts.push(part());
		return parts.length === 1 ? (parts[0] as Evaluate) : (row) => parts[how]((one) => one(row) === true);
	}

	const all = (): Evaluate => joined("and", compared, "every");
	const expression = (): Evaluate => joined("or", all, "some");

	function compared(): Evaluate {
		const left = primary();
		if (takes("in")) {
			const among = listed();
			return (row) => among.some((one) => one(row) === left(row));
		}
		const operator = OPERATORS[tokens[0] ?? ""];
		if (operator === undefined) return left;
		next();
		const right = primary();
		return (row) => operator(left(row), right(row));
	}

	function listed(): readonly Evaluate[] {
		const items: Evaluate[] = [];
		for (next(); !takes(")"); takes(",")) items.push(expression());
		return items;
	}

	function primary(): Evaluate {
		if (tokens[0] === "(") return listed()[0] as Evaluate;
		const token = next();
		if (/^["\d]/.test(token)) return () => JSON.parse(token) as unknown;
		if (tokens[0] === "(") {
			const [called, args] = [FUNCTIONS[token], listed()];
			if (called === undefined) throw new Error(`no such function: ${token}`);
			return (row) => called(...args.map((arg) => arg(row)));
		}
		const path = token.split(/\.|\["|"\]/).filter(Boolean);
		return (row) => path.reduce<unknown>((value, name) => (value as Row | undefined)?.[name], row);
	}

	return { next, takes, expression };
}
