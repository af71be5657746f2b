package traceapi

import (
	"context"
	"net/http"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/history"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/query"
	"devicetrace/pkg/summary"
)

var fleetParameters = []string{"instance", "from", "to", "step", "devices", "compare", "format", "bom", "explain", "lang"}

// fleetRequest holds the parameters of a question about what happened to a fleet.
type fleetRequest struct {
	instanceID event.InstanceID
	from, to   time.Time // whole steps; to is exclusive
	step       time.Duration
	stepName   string
	// devices asks for the numbers of devices. It is false if the range is not a whole day.
	devices bool
	// compare asks for the numbers of the day before.
	compare bool
	table
}

// fleetResponse is the body of GET /api/v1/fleet.
type fleetResponse struct {
	InstanceID event.InstanceID `json:"instance_id"`
	From       history.Instant  `json:"from"`
	To         history.Instant  `json:"to"` // exclusive
	Step       string           `json:"step"`
	fleet.View
	completeness
	// Now is the time of the request. Steps that end later may still get events.
	Now history.Instant `json:"now"`
	*absence
	Receipt query.Receipt `json:"receipt"`
	Plan    []query.Step  `json:"plan,omitempty"`
}

// fleet returns a response with the sums of a fleet's events.
func (a api) fleet(r *http.Request, may permission, large *slot) (response, error) {
	q, err := a.parseFleet(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if err := may.read(q.instanceID); err != nil {
		return nil, err
	}
	return inTurn(r.Context(), a, func() (response, error) {
		sums, err := a.sumUp(r.Context(), q)
		if err != nil {
			return nil, err
		}
		absent, err := sums.account.absence(r.Context(), a, may, q.instanceID)
		if err != nil {
			return nil, err
		}
		return sums.response(r.Context(), q, a.now(), absent, large)
	})
}

func (a api) parseFleet(rawQuery string) (q fleetRequest, err error) {
	values, err := parseValues(rawQuery, fleetParameters)
	if err != nil {
		return q, err
	}
	if q.instanceID, err = parseInstance(values); err != nil {
		return q, err
	}
	now := a.now()
	if q.from, q.to, q.stepName, err = parseSteps(values, now); err != nil {
		return q, err
	}
	q.step = steps[q.stepName]
	devices, err := parseOneOf(values, "devices", "1", "0")
	if err != nil {
		return q, err
	}
	q.devices = devices == "1" && isWholeDay(q.from, q.to, now)
	if q.compare, err = parseFlag(values, "compare"); err != nil {
		return q, err
	}
	if q.table, err = parseTable(values); err != nil {
		return q, err
	}
	_, err = parseLang(values.Get("lang"), "")
	return q, err
}

// fleetSums holds the sums of a range and, if the days are compared, of the same range a day
// earlier.
type fleetSums struct {
	account account
	day     query.FleetResult
	// dayBefore is empty if the days are not to be compared.
	dayBefore query.FleetResult
}

// sumUp reads, in parallel, the sums of the requested range and of the day before.
func (a api) sumUp(ctx context.Context, q fleetRequest) (s fleetSums, err error) {
	reads := []query.FleetRequest{{InstanceID: q.instanceID, From: q.from, To: q.to, Totals: q.devices, Explain: true}}
	if q.compare {
		reads = append(reads, query.FleetRequest{InstanceID: q.instanceID, From: q.from.Add(-day), To: q.to.Add(-day), Explain: true})
	}
	results := make([]query.FleetResult, 2)
	err = parallel.Do(len(reads), len(reads), func(i int) (err error) {
		results[i], err = a.count(ctx, reads[i])
		return err
	})
	s.day, s.dayBefore = results[0], results[1]
	if err != nil {
		return s, err
	}
	s.account = newAccount(q.explain)
	s.account.add(ctx, partOf(s.day))
	if q.compare {
		s.account.addParallel(ctx, partOf(s.dayBefore))
	}
	return s, nil
}

// response returns the sums as JSON or CSV. A large response first waits for the slot.
func (s fleetSums) response(ctx context.Context, q fleetRequest, now time.Time, absent *absence, large *slot) (response, error) {
	body := fleetResponse{
		InstanceID: q.instanceID, From: history.At(q.from), To: history.At(q.to), Step: q.stepName,
		View: fleet.NewView(s.day.Sums, q.from, q.to, q.step), completeness: s.completeness(), Now: history.At(now),
		absence: absent, Receipt: s.account.receipt, Plan: s.account.steps,
	}
	if q.compare {
		body.View.Compare(s.dayBefore.Sums)
	}
	respond, size := body.write(s.day.Sums, q)
	if size > smallBytes {
		if err := large.await(ctx); err != nil {
			return nil, err
		}
	}
	return respond, nil
}

// completeness returns the completeness of all numbers in the response.
func (s fleetSums) completeness() completeness {
	c := completenessOf(s.day)
	if s.day.Sums.Totals != nil {
		c.Exact = c.Exact && s.day.DevicesExact
	}
	if s.dayBefore.Sums != nil {
		c = c.and(completenessOf(s.dayBefore))
	}
	return c
}

// write returns the encoded response and its size. If the response would be larger than maxBytes, it
// names fewer nodes.
func (f fleetResponse) write(sums *summary.Sums, q fleetRequest) (respond response, size int) {
	for _, nodes := range nodeLimits {
		if q.format == "csv" {
			var records [][]byte
			records, size = fleetRows(sums.Cells, q, f.View.Nodes[:min(nodes, len(f.View.Nodes))])
			respond = f.csv(q.bom, records)
		} else {
			respond, size = f.limitNodes(nodes).json()
		}
		if size <= maxBytes {
			break
		}
	}
	return respond, size
}

func (f fleetResponse) json() (respond response, size int) {
	body := encode(f)
	return encodedResponse(body), wireSize(body)
}
