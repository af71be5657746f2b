package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// recorders lists the deployments of the recorder that are compared, each with the name under which
// it was simulated.
var recorders = []struct {
	name, benchmark string
	server          bool // whether the recorder is a server, so that no calls of a function are charged
}{
	{"go1", "go1", false},
	{"concurrent", "concurrent", false},
	{"linger=250ms", "linger=250ms", false},
	{"linger=1s", "linger=1s", false},
	{"trigger", "trigger", false},
	{"server", "concurrent", true},
	{"server/linger=250ms", "linger=250ms", true},
	{"server/linger=1s", "linger=1s", true},
}

// printBills prints monthly bills at list prices: one for each deployment of the recorder, and one
// for each of several fleets.
func printBills(out io.Writer, found *results) error {
	l := &lookup{found: found}
	c := l.measuredCosts()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nyuan a month: 1,000,000 devices\tstorage\trequests\trecorder\tquery\tcompactor\ttotal\t")
	totals := map[string]float64{}
	for _, r := range recorders {
		cost := l.delivered("Deliveries/" + r.benchmark)
		if r.server {
			cost.calls, cost.seconds = 0, 0
		}
		m := bill(million, cost, c, listPrices)
		totals[r.name] = m.total()
		fmt.Fprintf(table, "%s\t%s", r.name, m.columns())
	}
	printGrid(table, l, c)
	if l.err != nil {
		return l.err
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range recorders {
		found.add("Bill/"+r.name, totals[r.name], "CNY/month")
	}
	return printFleetPrices(out, found, listPrices)
}

// columns returns the last cells of a table row: the parts of the bill, and its total.
func (m month) columns() string {
	return fmt.Sprintf("%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t\n", m.storage, m.requests, m.recorder, m.query, m.compactor, m.total())
}

// printGrid prints the bills of fleets of other sizes, with the recorder on go1.
func printGrid(out io.Writer, l *lookup, c costs) {
	fmt.Fprintln(out, "\ndevices\tshards\tevents/webhook\tstorage\trequests\trecorder\tquery\tcompactor\ttotal\t")
	for _, d := range []deployment{
		{devices: 1e4, shards: 16}, {devices: 1e6, shards: 16}, {devices: 1e6, shards: 256}, {devices: 1e8, shards: 4096},
	} {
		d.eventsPerDevice, d.retention, d.queriesPerDevice = million.eventsPerDevice, million.retention, million.queriesPerDevice
		for _, batch := range []int{1, 100} {
			cost := l.singly()
			if batch > 1 {
				cost = l.inBatches(d.shards)
			}
			fmt.Fprintf(out, "%.0f\t%d\t%d\t%s", d.devices, d.shards, batch, bill(d, cost, c, listPrices).columns())
		}
	}
}

// questionCosts holds the measured cost of a question about a fleet.
type questionCosts struct {
	lists, reads, rounds float64
	cpu                  float64 // seconds
}

// price returns the price of one question, in yuan. It uses the first tier's price of compute units
// and ignores the minimum charge for an hour.
func (c questionCosts) price(t tariffs) float64 {
	waiting := c.rounds * slowest((c.lists+c.reads)/c.rounds)
	units := small.units(t, 1, c.cpu/small.vcpu+waiting)
	return (c.lists*t.puts+c.reads*t.gets)/10_000 + units*t.units[0]
}

// fleetQuestions lists the measured questions about a fleet.
var fleetQuestions = []string{
	"FleetQuestion/closed", "FleetQuestion/closed/drops", "FleetQuestion/closed/finder",
	"FleetQuestion/open/writers=4", "FleetQuestion/open/writers=60",
}

// printFleetPrices prints the prices of questions about a fleet, and of storing the summaries that
// they read.
func printFleetPrices(out io.Writer, found *results, t tariffs) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nyuan: questions about a fleet\t1,000 times\t")
	for _, name := range fleetQuestions {
		value := func(unit string) float64 { return found.values[metric{name, unit}] }
		c := questionCosts{value("lists"), value("requests") - value("lists"), value("round-trips"), value("cpu-ms") / 1e3}
		if c.rounds == 0 {
			return fmt.Errorf("price a question: no measurement of round-trips in %s", name)
		}
		fmt.Fprintf(table, "%s\t%.3f\t\n", name, 1000*c.price(t))
	}
	const events = 1e6 * 10 * 30 // a million devices with 10 events a day, for 30 days
	stored := events * found.values[metric{"Fleet/shards=16", "summaries-B/event"}] / gigabyte
	fmt.Fprintf(table, "a month of summaries of 1,000,000 devices, kept for 30 days\t%.2f\t\n", stored*t.storage)
	return table.Flush()
}
