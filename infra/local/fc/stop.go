package fc

import (
	"context"
	"fmt"

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
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	return parallel.Do(len(idle), len(idle), func(i int) error { return p.retire(ctx, idle[i]) })
}

// retire calls the process's preStop hook and then kills the process.
func (p *pool) retire(ctx context.Context, process *process) error {
	defer p.bury(process)
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
	for process := range p.all {
		process.kill()
	}
}
