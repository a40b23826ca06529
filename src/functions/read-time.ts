/** RFC 3339, section 5.6. A `+` that was not escaped arrives as a space. */
const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+\- ]\d\d:\d\d)$/i;

/** A time of RFC 3339 as epoch milliseconds; undefined for what is none, such as 30 February. */
export function readTime(text: string | undefined): number | undefined {
	const [, date = "", clock = "", zone = ""] = TIME.exec(text ?? "") ?? [];
	if (date === "") return undefined;
	// A leap second counts as the second before it, as it does in any epoch time.
	const isLeap = clock.slice(6, 8) === "60";
	const time = `${date}T${isLeap ? `${clock.slice(0, 6)}59` : clock}${zone.replace(" ", "+").toUpperCase()}`;
	const day = Date.parse(`${date}T00:00:00Z`);
	const isDay = !Number.isNaN(day) && new Date(day).toISOString().startsWith(date);
	const moment = Date.parse(time);
	return isDay && !Number.isNaN(moment) ? moment : undefined;
}
