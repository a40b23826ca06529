import type { View } from "./look.ts";
import { MINUTES, type Minute, throughput } from "./throughput.ts";
import { clock } from "./times.ts";

const [WIDTH, HEIGHT, BAR] = [720, 96, 12];

/** The last hour: what was received as an outline, what GitHub has taken as bars in front of it. */
export function ThroughputChart({ view }: { view: View }) {
	const minutes = throughput(view.recent, view.now);
	const sum = (of: (minute: Minute) => number) => minutes.reduce((total, minute) => total + of(minute), 0);
	const most = Math.max(4, ...minutes.map(({ received, sent, lost }) => Math.max(received, sent + lost)));
	const [received, sent, lost] = [sum((one) => one.received), sum((one) => one.sent), sum((one) => one.lost)];
	const words = `${received} received, ${sent} taken by GitHub${lost === 0 ? "" : `, ${lost} dead letters`}`;
	return (
		<figure class="card chart">
			<figcaption>
				<h2>Last hour</h2>
				<p>
					{view.isPart ? "at least " : ""}
					{words}
				</p>
				<p class="legend" aria-hidden="true">
					<span class="key received">received</span>
					<span class="key sent">taken by GitHub</span>
					<span class="key lost">dead letters</span>
				</p>
			</figcaption>
			<svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`Last hour: ${words}`}>
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
				{minutes.map((minute, index) => (
					<Bars key={minute.from} minute={minute} x={index * BAR} scale={HEIGHT / most} now={view.now} />
				))}
			</svg>
			<p class="axis" aria-hidden="true">
				<span>{MINUTES} min ago</span>
				<span>at most {most} a minute</span>
				<span>now</span>
			</p>
		</figure>
	);
}

function Bars({ minute, x, scale, now }: { minute: Minute; x: number; scale: number; now: number }) {
	const { from, received, sent, lost } = minute;
	const bar = (className: string, count: number, below: number, left: number, width: number) => (
		<rect class={className} x={x + left} y={HEIGHT - (count + below) * scale} width={width} height={count * scale} />
	);
	return (
		<g>
			<title>
				{clock(new Date(from).toISOString(), now)}: {received} received, {sent} taken by GitHub, {lost} dead letters
			</title>
			{/* The whole column answers to a pointer. */}
			<rect class="column" x={x} y="0" width={BAR} height={HEIGHT} />
			{bar("received", received, 0, 1, 10)}
			{bar("sent", sent, 0, 3, 6)}
			{bar("lost", lost, sent, 3, 6)}
		</g>
	);
}
