package e2e

import (
	"context"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// Names of those who draw choices.
const (
	killing = 2000 + iota
	freezing
	freezingLong
	stopping
	compacting
	killingCloud
)

// between is some time of a range.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)))
}

// victim is some process of one of the functions, which may be named more than once; not
// ok if none of the chosen one runs.
func (k *soak) victim(random *rand.Rand, functions ...string) (process, bool) {
	found := functionProcesses(k.stack.Load().cmd.Process.Pid, functions[random.IntN(len(functions))])
	if len(found) == 0 {
		return process{}, false
	}
	return found[random.IntN(len(found))], true
}

// killAlong kills recorders and query functions, in the middle of what they do or not.
func (k *soak) killAlong(ctx context.Context) {
	random := k.random(killing)
	for sleep(ctx, between(random, 100*time.Millisecond, 2*time.Second)) {
		if p, ok := k.victim(random, "recorder", "query"); ok && p.kill() {
			k.kills.Add(1)
		}
	}
}

// freezeAlong stops processes for a moment or some seconds, between and during calls, up
// to three at a time.
func (k *soak) freezeAlong(ctx context.Context) {
	random := k.random(freezing)
	var frozen sync.WaitGroup
	defer frozen.Wait()
	slots := make(chan struct{}, 3)
	for sleep(ctx, between(random, 100*time.Millisecond, 2*time.Second)) {
		lasts := between(random, 10*time.Millisecond, 500*time.Millisecond)
		if random.IntN(4) == 0 {
			lasts = between(random, 500*time.Millisecond, 5*time.Second)
		}
		p, ok := k.victim(random, "recorder", "query")
		select {
		case slots <- struct{}{}:
		default:
			continue
		}
		frozen.Go(func() {
			defer func() { <-slots }()
			if ok && freeze(ctx, p, lasts) {
				k.freezes.Add(1)
			}
		})
	}
}

// callLimit is past the time limit of a recorder's and a query function's call, as
// s.yaml has it.
const callLimit = 16 * time.Second

// freezeLong stops a process for longer than a call may last, then one of the other
// function.
func (k *soak) freezeLong(ctx context.Context) {
	random := k.random(freezingLong)
	for i := 0; sleep(ctx, between(random, 2*time.Second, 10*time.Second)); i++ {
		for !k.freezeOne(ctx, random, []string{"recorder", "query"}[i%2]) && sleep(ctx, 100*time.Millisecond) {
		}
	}
}

// freezeOne reports whether it stopped a process of a function for so long: there may be
// none just now.
func (k *soak) freezeOne(ctx context.Context, random *rand.Rand, function string) bool {
	p, ok := k.victim(random, function)
	if !ok || !freeze(ctx, p, callLimit) || ctx.Err() != nil {
		return false
	}
	k.freezes.Add(1)
	k.long.Add(1)
	return true
}

// freeze stops a process and lets it go on after a while, if it still lives: the host
// kills one that is late for its call.
func freeze(ctx context.Context, p process, lasts time.Duration) bool {
	if !p.alive() || syscall.Kill(p.pid, syscall.SIGSTOP) != nil {
		return false
	}
	sleep(ctx, lasts)
	if p.alive() {
		_ = syscall.Kill(p.pid, syscall.SIGCONT)
	}
	return true
}

// stopStore takes the store down and fills it, in turn, for a tenth of the time in all,
// a minute at the most.
func (k *soak) stopStore(ctx context.Context) {
	random := k.random(stopping)
	budget := min(k.lasts/10, time.Minute)
	longest := budget / 3
	for i := 0; budget > 0 && sleep(ctx, between(random, k.lasts/30, k.lasts/12)); i++ {
		lasts := min(budget, between(random, longest/4, longest))
		fault := []string{"down=true", "max_bytes=1"}[i%2]
		s := k.stack.Load()
		if s.setStore(k.ctx, fault) != nil {
			continue // it is being killed
		}
		budget -= lasts
		sleep(ctx, lasts)
		if s.setStore(k.ctx, "") == nil {
			k.outages.Add(1)
		}
	}
}

// compactAlong compacts again and again. Of four compactions two are left alone; one is
// killed somewhere in the middle, one stopped there and then let go on with what it knew.
func (k *soak) compactAlong(ctx context.Context) {
	random := k.random(compacting)
	for i := 0; sleep(ctx, between(random, 200*time.Millisecond, 2*time.Second)); i++ {
		s := k.stack.Load()
		ended := make(chan error, 1)
		go func() { ended <- s.invoke(ctx, "compactor") }()
		after := between(random, time.Millisecond, 300*time.Millisecond)
		if i%2 == 0 && sleep(ctx, after) {
			k.disturb(ctx, random, i%4 == 0)
		}
		if <-ended == nil {
			k.compactions.Add(1)
		} else {
			k.disturbed.Add(1)
		}
	}
}

func (k *soak) disturb(ctx context.Context, random *rand.Rand, kill bool) {
	p, ok := k.victim(random, "compactor")
	switch {
	case !ok:
	case kill && p.kill():
		k.kills.Add(1)
	case !kill && freeze(ctx, p, between(random, 100*time.Millisecond, 4*time.Second)):
		k.freezes.Add(1)
	}
}
