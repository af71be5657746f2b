package compact

import (
	"context"
	"errors"
	"io/fs"
	"runtime"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// partition is the work of a call to Run on one partition.
type partition struct {
	*Compactor
	listing Listing
	facts   Facts
	report  *Report
}

func (c *Compactor) partition(listing Listing, report *Report) *partition {
	return &partition{Compactor: c, listing: listing, facts: Facts{}, report: report}
}

// compact plans and merges until no merge is due or a step fails, and then returns true. If an
// input turns out not to be a valid segment, compact makes a new plan without that input. An error
// means that Run must end.
//
// Each successful merge decrements *merges. If a merge is due, but *merges is zero or the context begin is
// done, compact returns false.
func (p *partition) compact(ctx, begin context.Context, merges *int) (finished bool, err error) {
	for {
		plan := NewPlan(p.listing, p.facts, p.config.Now(), p.config)
		if plan.Stuck {
			p.report.Stuck = append(p.report.Stuck, p.listing.Partition.String())
		}
		if !plan.due() {
			return true, nil
		}
		if *merges == 0 || begin.Err() != nil {
			return false, nil
		}
		err = p.step(ctx, plan)
		if err == nil && len(plan.Unknown) == 0 {
			*merges-- // otherwise, a partition with many damaged segments would use up every turn
		}
		again, err := p.judge(plan, err)
		if err != nil || !again {
			return err == nil, err
		}
	}
}

// step carries out the plan. If the plan lacks facts, step reads the facts instead.
func (p *partition) step(ctx context.Context, plan Plan) error {
	if len(plan.Unknown) > 0 {
		return p.learn(ctx, plan)
	}
	if p.memory(plan) > largeMerge {
		runtime.GC() // otherwise, the memory of this merge adds to the garbage of the previous one
	}
	if plan.Holder.Key != "" {
		return p.finish(ctx, plan)
	}
	return p.merge(ctx, plan)
}

// largeMerge is the memory, in bytes, above which a merge is preceded by a garbage collection.
const largeMerge = 16 << 20

// memory returns the memory, in bytes, that the plan's inputs need. Inputs without facts count as
// zero.
func (p *partition) memory(plan Plan) (bytes int64) {
	for _, s := range plan.Inputs {
		bytes += p.facts[s.Key].Memory
	}
	return bytes
}

// judge adds a step's error to the report, unless the error is fatal. again reports whether to
// continue with the partition. If fatal is not nil, Run must return it.
func (p *partition) judge(plan Plan, err error) (again bool, fatal error) {
	var damage *segment.ObjectError
	switch where := p.listing.Partition.String(); {
	case err == nil:
		return true, nil
	case errors.As(err, &damage) && plan.reads(damage.Key):
		p.facts[damage.Key] = Fact{Invalid: true}
		p.report.Unreadable[damage.Key] = damage.Error()
		return true, nil
	case errors.Is(err, fs.ErrNotExist): // usually because another compactor was faster
		p.report.Missed++
	case errors.Is(err, objstore.ErrImmutable): // further merges would only add more objects
		return false, err
	default:
		p.report.Failed[where] = err.Error()
		p.config.Log.Warn("compact partition", "partition", where, "error", err)
	}
	return false, nil
}

// learn reads the footers of plan.Unknown. It stops early once the inputs that were already known
// and the segments read so far together need more memory than one merge may use.
func (p *partition) learn(ctx context.Context, plan Plan) error {
	memory := p.memory(plan)
	for _, s := range plan.Unknown {
		footer, err := p.readFooter(ctx, s)
		if err != nil {
			return err
		}
		fact := factOf(footer)
		p.facts[s.Key] = fact
		if memory += fact.Memory; memory > p.config.MemoryBytes {
			return nil
		}
	}
	return nil
}

// factOf returns the Fact that a footer yields. It ignores held names that layout.ParseName
// rejects.
func factOf(footer *segment.Footer) Fact {
	fact := Fact{Memory: footer.MergeMemory(), footer: footer}
	for _, text := range footer.Holds() {
		if name, err := layout.ParseName(text); err == nil {
			fact.Holds = append(fact.Holds, name)
		}
	}
	return fact
}
