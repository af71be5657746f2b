package main

import "context"

type costs struct{ storedBytes float64 }
type functions struct{}

const childArgument = "child"

func child(context.Context, []string) error           { return nil }
func (b *bench) query(ctx context.Context) error      { return nil }
func (b *bench) grow(ctx context.Context) error       { return nil }
func (b *bench) recorder(ctx context.Context) error   { return nil }
func (b *bench) compaction(ctx context.Context) error { return nil }
func (b *bench) steady(ctx context.Context) error     { return nil }
func (b *bench) start(ctx context.Context) error      { return nil }
func (b *bench) peers(ctx context.Context) error      { return nil }
func (b *bench) latency(ctx context.Context) error    { return nil }
func (b *bench) price(ctx context.Context) error      { return nil }
