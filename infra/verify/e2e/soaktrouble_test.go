package e2e

import (
	"context"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// Each goroutine that disturbs the system passes one of these numbers to k.random, to get its own
// source of random numbers. The numbers start at 2000, because the posters and readers use lower
// ones.
const (
	killing = 2000 + iota
	freezing
	freezingLong
	stopping
	compacting
	killingHost
)

// between returns a random duration in [low, high).
func between(random *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(random.Int64N(int64(high-low)))
}

// victim chooses one of the given functions at random and returns a random process that runs this
// function. It returns false if there is no such process.
func (k *soak) victim(random *rand.Rand, functions ...string) (process, bool) {
	found := functionProcesses(k.stack.Load().cmd.Process.Pid, functions[random.IntN(len(functions))])
	if len(found) == 0 {
		return process{}, false
	}
	return found[random.IntN(len(found))], true
}

// keepKilling kills processes of the recorder and the query function, both during calls and between
// them.
func (k *soak) keepKilling(ctx context.Context) {
	random := k.random(killing)
	for sleep(ctx, between(random, 100*time.Millisecond, 2*time.Second)) {
		if p, ok := k.victim(random, "recorder", "query"); ok && p.kill() {
			k.kills.Add(1)
		}
	}
}

// keepFreezing freezes up to three processes at a time, each for up to five seconds, both during
// calls and between them.
func (k *soak) keepFreezing(ctx context.Context) {
	random := k.random(freezing)
	var frozen sync.WaitGroup
	defer frozen.Wait()
	slots := make(chan struct{}, 3)
	for sleep(ctx, between(random, 100*time.Millisecond, 2*time.Second)) {
		duration := between(random, 10*time.Millisecond, 500*time.Millisecond)
		if random.IntN(4) == 0 {
			duration = between(random, 500*time.Millisecond, 5*time.Second)
		}
		p, ok := k.victim(random, "recorder", "query")
		select {
		case slots <- struct{}{}:
		default:
			continue
		}
		frozen.Go(func() {
			defer func() { <-slots }()
			if ok && freeze(ctx, p, duration) {
				k.freezes.Add(1)
			}
		})
	}
}

// pastDeadline is longer than the timeout that s.yaml sets for the recorder and the query function.
const pastDeadline = 16 * time.Second

// freezeLong freezes processes of the recorder and of the query function in turn, each for longer
// than a call may take.
func (k *soak) freezeLong(ctx context.Context) {
	random := k.random(freezingLong)
	for i := 0; sleep(ctx, between(random, 2*time.Second, 10*time.Second)); i++ {
		for !k.freezeOne(ctx, random, []string{"recorder", "query"}[i%2]) && sleep(ctx, 100*time.Millisecond) {
		}
	}
}

// freezeOne freezes one of a function's processes for pastDeadline. It returns false if the
// function has no process, or if ctx ends.
func (k *soak) freezeOne(ctx context.Context, random *rand.Rand, function string) bool {
	p, ok := k.victim(random, function)
	if !ok || !freeze(ctx, p, pastDeadline) || ctx.Err() != nil {
		return false
	}
	k.freezes.Add(1)
	k.long.Add(1)
	return true
}

// freeze stops a process for the given duration and reports whether it stopped the process.
// Afterwards, freeze resumes the process if it is still alive. The process may be dead by then,
// because the host kills a process whose call exceeds the deadline.
func freeze(ctx context.Context, p process, duration time.Duration) bool {
	if !p.alive() || syscall.Kill(p.pid, syscall.SIGSTOP) != nil {
		return false
	}
	sleep(ctx, duration)
	if p.alive() {
		_ = syscall.Kill(p.pid, syscall.SIGCONT)
	}
	return true
}

// stopStore injects outages: by turns, the store is down or its disk is full. All outages together
// last at most a tenth of the soak, and never more than a minute.
func (k *soak) stopStore(ctx context.Context) {
	random := k.random(stopping)
	budget := min(k.duration/10, time.Minute)
	longest := budget / 3
	for i := 0; budget > 0 && sleep(ctx, between(random, k.duration/30, k.duration/12)); i++ {
		duration := min(budget, between(random, longest/4, longest))
		fault := []string{"down=true", "max_bytes=1"}[i%2]
		s := k.stack.Load()
		if s.setStore(k.ctx, fault) != nil {
			continue // requests fail while the stack is being killed
		}
		budget -= duration
		sleep(ctx, duration)
		if s.setStore(k.ctx, "") == nil {
			k.outages.Add(1)
		}
	}
}

// keepCompacting runs one compaction after another, and disturbs every second one. To disturb a
// compaction, it alternately kills and freezes the compaction's process. After a freeze, the
// compaction continues with outdated information about the bucket.
func (k *soak) keepCompacting(ctx context.Context) {
	random := k.random(compacting)
	for i := 0; sleep(ctx, between(random, 200*time.Millisecond, 2*time.Second)); i++ {
		s := k.stack.Load()
		ended := make(chan error, 1)
		go func() { ended <- s.invoke(ctx, "compactor") }()
		delay := between(random, time.Millisecond, 300*time.Millisecond)
		if i%2 == 0 && sleep(ctx, delay) {
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
