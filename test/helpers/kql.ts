/** The part of KQL that the queries of infra/ use. */

type Row = Readonly<Record<string, unknown>>;
type Evaluate = (row: Row) => unknown;

const TOKEN = /"(?:[^"\\]|\\.)*"|==|!=|[\w.]+(?:\["\w+"\])?|\S/g;
const HOUR_MS = 3_600_000;
/** Under this name a row holds those that `summarize` has made it of. */
const GROUPED = " rows";

const text = (value: unknown) => (value === undefined || value === null ? "" : String(value));

const FUNCTIONS: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
	parse_json: (value) => (text(value).startsWith("{") ? (JSON.parse(text(value)) as unknown) : undefined),
	tostring: text,
	tolong: (value) => (text(value) === "" ? undefined : Number(value)),
	isempty: (value) => text(value) === "",
	isnotempty: (value) => text(value) !== "",
	isnull: (value) => value === undefined,
	not: (value) => value !== true,
	datetime: () => undefined,
	strcat_array: (values, between) => (values as readonly unknown[]).join(text(between)),
	iff: (condition, one, other) => (condition === true ? one : other),
	strcat: (...args) => args.map(text).join(""),
};

/** Of all rows of a group; what is missing in a row is passed over. */
const AGGREGATES: Readonly<Record<string, (values: readonly unknown[]) => unknown>> = {
	min: (values) => [...values].sort(inOrder)[0],
	max: (values) => [...values].sort(inOrder).at(-1),
	make_set: (values) => [...new Set(values)],
};

const inOrder = (one: unknown, other: unknown) => ((one as string) < (other as string) ? -1 : 1);

const OPERATORS: Readonly<Record<string, (one: unknown, other: unknown) => unknown>> = {
	"==": (one, other) => one === other,
	"!=": (one, other) => one !== other,
	">": (one, other) => Number(one) > Number(other),
	"<": (one, other) => Number(one) < Number(other),
	startswith: (one, other) => text(one).toLowerCase().startsWith(text(other).toLowerCase()),
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

/**
 * What a query answers.
 * @param tables their rows; a `timestamp` is in epoch milliseconds
 * @param now epoch milliseconds
 */
export function answerOf(query: string, tables: Readonly<Record<string, readonly Row[]>>, now: number): readonly Row[] {
	const { next, takes, expression } = parser(query.replaceAll(/^\s*\/\/.*$/gm, ""), now);

	function source(): readonly Row[] {
		const name = next();
		if (name !== "union") return tables[name] ?? [];
		const all: Row[] = [];
		do {
			next();
			all.push(...pipeline());
			next();
		} while (takes(","));
		return all;
	}

	function named(): readonly (readonly [string, Evaluate])[] {
		const items: [string, Evaluate][] = [];
		do {
			const name = next();
			items.push([name, takes("=") ? expression() : (row) => row[name]]);
		} while (takes(","));
		return items;
	}

	function evaluated(row: Row, items: readonly (readonly [string, Evaluate])[]): Row {
		const made: Record<string, unknown> = {};
		for (const [name, of] of items) made[name] = of({ ...row, ...made });
		return made;
	}

	function summarized(rows: readonly Row[]): readonly Row[] {
		const made = named();
		const keys = takes("by") ? named() : [];
		const groups = new Map<string, Row[]>();
		for (const row of rows) {
			const key = JSON.stringify(evaluated(row, keys));
			groups.set(key, [...(groups.get(key) ?? []), row]);
		}
		// Of nothing there is one row, unless it is for each of something.
		const all = rows.length === 0 && keys.length === 0 ? [[]] : [...groups.values()];
		return all.map((group) => ({ ...evaluated(group[0] ?? {}, keys), ...evaluated({ [GROUPED]: group }, made) }));
	}

	function pipeline(): readonly Row[] {
		let rows = source();
		while (takes("|")) {
			const verb = next();
			if (verb === "where") {
				const holds = expression();
				rows = rows.filter((row) => holds(row) === true);
			} else if (verb === "extend") {
				const items = named();
				rows = rows.map((row) => ({ ...row, ...evaluated(row, items) }));
			} else if (verb === "project") {
				const items = named();
				rows = rows.map((row) => evaluated(row, items));
			} else if (verb === "summarize") rows = summarized(rows);
			else throw new Error(`no such step: ${verb}`);
		}
		return rows;
	}
	return pipeline();
}

function parser(source: string, now = Date.now()) {
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
		if (/^\d+h$/.test(token)) return () => Number.parseInt(token, 10) * HOUR_MS;
		if (token === "ago") {
			const [span] = listed();
			return (row) => now - Number(span?.(row));
		}
		const aggregate = AGGREGATES[token];
		if (aggregate !== undefined) {
			const [of] = listed();
			const valuesOf = (row: Row) => (row[GROUPED] as readonly Row[]).map((one) => of?.(one));
			return (row) => aggregate(valuesOf(row).filter((value) => value !== undefined));
		}
		if (token === "true" || token === "false") return () => token === "true";
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
