import { type Bar, throughputOf } from "./throughput.ts";
import { RANGES, type View } from "./view.ts";
import { clock, counted, serviceOfAll, span } from "./words.ts";

const [WIDTH, HEIGHT] = [720, 96];

/** What was received as an outline, what the destination has taken as bars in front of it, dead letters striped on top. */
export function ThroughputChart({ view }: { view: View }) {
	const { bars, barMs, isWhole } = throughputOf(view);
	const sum = (of: (bar: Bar) => number) => bars.reduce((total, bar) => total + of(bar), 0);
	const most = Math.max(4, ...bars.map(({ received, sent, lost }) => Math.max(received, sent + lost)));
	const service = serviceOfAll(view.recent);
	const taken = `taken by ${service === "Destination" ? "their destinations" : service}`;
	const [received, sent, lost] = [sum((one) => one.received), sum((one) => one.sent), sum((one) => one.lost)];
	const words = `${received} received, ${sent} ${taken}, ${counted(lost, "dead letter")}`;
	const title = titleOf(view);
	return (
		<figure class="card chart">
			<figcaption>
				<h2>{title}</h2>
				<p>
					{isWhole ? "" : "at least "}
					{words}
				</p>
				<p class="legend" aria-hidden="true">
					<span class="key received">received</span>
					<span class="key sent">{taken}</span>
					<span class="key lost">dead letters</span>
				</p>
			</figcaption>
			<svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${title}: ${words}`}>
				<defs>
					<pattern id="stripes" width="4" height="4" patternUnits="userSpaceOnUse">
						<rect class="lost" width="4" height="2.4" />
					</pattern>
				</defs>
				{[0.5, 1].map((part) => (
					<line
						key={part}
						class="grid"
						x1="0"
						x2={WIDTH}
						y1={HEIGHT * (1 - part) + 0.5}
						y2={HEIGHT * (1 - part) + 0.5}
					/>
				))}
				{bars.map((bar, index) => (
					<Column
						key={bar.from}
						bar={bar}
						place={index}
						width={WIDTH / bars.length}
						scale={HEIGHT / most}
						now={view.now}
					/>
				))}
			</svg>
			<p class="axis" aria-hidden="true">
				<span>{clock(new Date(bars[0]?.from ?? view.now).toISOString(), view.now)}</span>
				<span>
					at most {most} in {barMs === 60_000 ? "a minute" : span(barMs)}
				</span>
				<span>{clock(new Date((bars.at(-1)?.from ?? view.now) + barMs).toISOString(), view.now)}</span>
			</p>
		</figure>
	);
}

function titleOf({ filter: { range } }: View): string {
	if (typeof range !== "string") return "The chosen time";
	const { title } = RANGES[range === "any" ? "hour" : range];
	return title[0]?.toUpperCase() + title.slice(1);
}

interface ColumnProps {
	readonly bar: Bar;
	readonly place: number;
	readonly width: number;
	/** Height of one event. */
	readonly scale: number;
	readonly now: number;
}

function Column({ bar: { from, received, sent, lost }, place, width, scale, now }: ColumnProps) {
	const x = place * width;
	const rect = (className: string, count: number, below: number, inset: number) => (
		<rect
			class={className}
			x={x + width * inset}
			y={HEIGHT - (count + below) * scale}
			width={width * (1 - 2 * inset)}
			height={count * scale}
		/>
	);
	return (
		<g>
			<title>
				{clock(new Date(from).toISOString(), now)}: {received} received, {sent} taken, {counted(lost, "dead letter")}
			</title>
			{/* The whole column answers to a pointer. */}
			<rect class="column" x={x} y="0" width={width} height={HEIGHT} />
			{rect("received", received, 0, 0.08)}
			{rect("sent", sent, 0, 0.25)}
			{rect("lost striped", lost, sent, 0.25)}
		</g>
	);
}
