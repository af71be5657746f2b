package main

import "context"

func (b *bench) latency(ctx context.Context) error { return nil }
func (b *bench) price(ctx context.Context) error   { return nil }
