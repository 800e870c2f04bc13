package main

import (
	"context"

	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/reference"
)

// newReference packs the weights of a graph into memory and makes the CPU
// engine for it.
func newReference(ctx context.Context, g *model.Graph, threads int) (*reference.Engine, error) {
	store, err := pack.Build(ctx, g.Plan, g.Source)
	if err != nil {
		return nil, err
	}
	return reference.New(g.Module, store, reference.Options{Threads: threads})
}
