package fc

import (
	"context"
	"fmt"
	"slices"

	"devicetrace/pkg/parallel"
)

// stop waits for running calls and then stops all processes gracefully. When ctx ends, it
// kills the remaining processes.
func (p *pool) stop(ctx context.Context) error {
	close(p.closed)
	inTime := context.AfterFunc(ctx, p.killAll)
	defer inTime()
	for range cap(p.slots) {
		p.slots <- struct{}{} // may wait for a running call, which frees its slot when it ends or is killed
	}
	p.mu.Lock()
	left := slices.Clone(p.processes)
	p.mu.Unlock()
	return parallel.Do(len(left), len(left), func(i int) error { return p.retire(ctx, left[i]) })
}

// retire calls the process's preStop hook and then kills the process.
func (p *pool) retire(ctx context.Context, process *process) error {
	defer process.end()
	hook := p.function.Lifecycle.PreStop
	if hook == nil || !process.alive() {
		return nil
	}
	_, fault := process.do(ctx, newCall(preStop, nil, hook.Timeout()))
	if fault != nil && fault != errNotTaken {
		return fmt.Errorf("stop function %q: %w", p.function.Resource, fault)
	}
	return nil
}

func (p *pool) killAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	for _, process := range p.processes {
		process.kill()
	}
}
