package proof_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// errCrash is the error that store calls return once their process has crashed. The error never
// reaches a sender, because a crashed process sends no response.
var errCrash = errors.New("the process is gone")

// kind is the way in which an injection's target call goes wrong.
type kind string

const (
	before      kind = "fails before its effect"
	midway      kind = "fails midway"
	after       kind = "fails after its effect"
	late        kind = "fails, and takes effect at the next step"
	muchLater   kind = "fails, and takes effect at the end"
	tooLate     kind = "fails, and takes effect after a compaction"
	crashBefore kind = "the process crashes before it"
	crashAfter  kind = "the process crashes after it"
	outage      kind = "fails, and so do the next calls, until senders give up"
)

var kinds = []kind{before, midway, after, late, muchLater, tooLate, crashBefore, crashAfter, outage}

// patience is the number of times that a sender tries to deliver its events before it gives up. An
// outage makes this number of consecutive calls fail, so that the sender does give up.
const patience = 5

func (k kind) crash() bool { return k == crashBefore || k == crashAfter }

// concerns reports whether this kind of fault must be tested on the given call. Puts and deletes
// are tested with every kind. Reads and listings are not tested with muchLater and tooLate, because
// they have no effect that could be delayed.
func (k kind) concerns(call string) bool {
	asks := strings.HasPrefix(call, string(objstore.OpRead)) || strings.HasPrefix(call, string(objstore.OpList))
	return !asks || k != muchLater && k != tooLate
}

// injection makes the call whose label is target go wrong. If target is empty, no call goes wrong.
// If the kind is outage, the next calls fail as well. After a crash, the injection gives the
// scenario a new process.
type injection struct {
	*world
	target string
	kind   kind

	mu      sync.Mutex
	process *objstore.Faulty
	// ordinals counts the calls so far by operation and place; see label. calls holds the labels of
	// all calls so far.
	ordinals map[string]int
	calls    []string
	fired    bool
	down     int // number of further calls that fail because of the outage
	dead     bool
	hold     chan struct{}
}

func newInjection(w *world, target string, k kind) *injection {
	i := &injection{world: w, target: target, kind: k, ordinals: map[string]int{}, hold: make(chan struct{})}
	i.process = objstore.NewFaulty(w.store, i.fault)
	return i
}

// label returns a name for a call. The name must be the same each time the scenario is played, so
// it must not contain the identifier of a new run, which is random. It must not depend on the order
// of calls to different partitions either, because these calls may be concurrent.
func (i *injection) label(c objstore.Call) string {
	place := c.Key + c.After
	switch where, name, err := layout.ParseKey(c.Key); {
	case c.Op == objstore.OpDelete:
		place = "" // a delete may span several partitions, so it has no single place
	case c.Op == objstore.OpPut && err == nil && name.Fresh():
		place = where.String()
	}
	place = fmt.Sprintf("%s %s", c.Op, place)
	i.ordinals[place]++
	return fmt.Sprintf("%s #%d", place, i.ordinals[place])
}

func (i *injection) fault(c objstore.Call) objstore.Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.dead {
		return objstore.Fault{Before: errCrash}
	}
	label := i.label(c)
	i.calls = append(i.calls, label)
	if i.down > 0 {
		i.down--
		return objstore.Fault{Before: objstore.ErrFault}
	}
	if i.fired || label != i.target {
		return objstore.Fault{}
	}
	i.fired, i.dead = true, i.kind.crash()
	switch i.kind {
	case outage:
		i.down = patience - 1
		return objstore.Fault{Before: objstore.ErrFault}
	case before:
		return objstore.Fault{Before: objstore.ErrFault}
	case midway:
		return objstore.Fault{Midway: objstore.ErrFault}
	case after:
		return objstore.Fault{After: objstore.ErrFault}
	case crashBefore:
		return objstore.Fault{Before: errCrash}
	case crashAfter:
		return objstore.Fault{After: errCrash}
	default:
		return objstore.Fault{Late: i.hold}
	}
}

// restarted reports whether the process crashed. If it did, restarted replaces it with a new
// process, whose calls never go wrong.
func (i *injection) restarted() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.dead {
		return false
	}
	i.dead = false
	i.process = objstore.NewFaulty(i.store, nil)
	return true
}

// injected reports whether an injection caused err.
func injected(err error) bool {
	return errors.Is(err, objstore.ErrFault) || errors.Is(err, errCrash)
}

// now lets a delayed call take effect. It does nothing if the injection is not of kind k, or if the
// call has not been made yet.
func (i *injection) now(k kind) {
	i.mu.Lock()
	due := i.kind == k && i.fired
	process := i.process
	i.mu.Unlock()
	if !due {
		return
	}
	select {
	case <-i.hold:
	default:
		close(i.hold)
	}
	process.Settle()
}

// scenario does its work through the injection's process, so that the fault can hit it. It returns
// an error if a guarantee is broken.
type scenario func(i *injection) error

// everyFault plays a scenario once without faults. Then, for every call and every kind of fault
// that must be tested on the call, it plays the scenario again in a new world with that fault.
func everyFault(t *testing.T, prepare func() *world, play scenario) {
	plain := newInjection(prepare(), "", "")
	require.NoError(t, play(plain))
	played, faults, crashes, checked := 0, 0, 0, 0
	for _, call := range plain.calls {
		for _, k := range kinds {
			if !k.concerns(call) {
				continue
			}
			if played++; played%everyNth != 0 {
				continue
			}
			i := newInjection(prepare(), call, k)
			require.NoError(t, play(i), "%s: %s", call, k)
			require.True(t, i.fired, "%s: %s: was not injected", call, k)
			checked += i.world.checked
			if k.crash() {
				crashes++
			} else {
				faults++
			}
		}
	}
	t.Logf("%d calls, %d faults, %d crashes, %d events checked", len(plain.calls), faults, crashes, checked)
	figures.Add(t, "faults injected", faults)
	figures.Add(t, "crashes", crashes)
	figures.Add(t, "events checked", checked)
}

// ending finishes a scenario that writes to the bucket. It requires that the bucket is sound,
// compacts it, and requires again that it is sound. Normally, a delayed call takes effect before
// these steps. If the kind is tooLate, the call takes effect after them, and ending then repeats
// the steps.
func (i *injection) ending() error {
	i.now(muchLater)
	errs := []error{i.sound(), i.settle(), i.sound()}
	if i.kind == tooLate {
		i.now(tooLate)
		errs = append(errs, i.sound(), i.settle(), i.sound())
	}
	return errors.Join(errs...)
}
